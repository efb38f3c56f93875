// The three products of a convolution, an image, a filter and positions: each of them from the two others.
import type { ConvGeometry } from "../../../ops/conv2d-taps.ts";
import type { Tensor } from "../../../tensor.ts";
import type { Gpu } from "../context.ts";
import { spread, type ProductSize } from "./product.ts";

type Kind = {
  /** As in shaders/conv.wgsl. */
  readonly number: number;
  readonly leftByK: boolean;
  readonly rightByK: boolean;
  readonly size: (geometry: ConvGeometry) => ProductSize;
};

const pixels = ({ batch, height, width }: ConvGeometry): number => batch * height * width;
const positions = ({ batch, rows, columns }: ConvGeometry): number => batch * rows * columns;
const taps = ({ kernelHeight, kernelWidth }: ConvGeometry): number => kernelHeight * kernelWidth;

const ofPositions: Kind = {
  ...{ number: 0, leftByK: true, rightByK: true },
  size: (g) => ({ rows: positions(g), columns: g.outputs, depth: taps(g) * g.channels }),
};
const ofImage: Kind = {
  ...{ number: 1, leftByK: true, rightByK: false },
  size: (g) => ({ rows: pixels(g), columns: g.channels, depth: taps(g) * g.outputs }),
};
const ofFilter: Kind = {
  ...{ number: 2, leftByK: false, rightByK: false },
  size: (g) => ({ rows: g.outputs, columns: taps(g) * g.channels, depth: positions(g) }),
};

type Result = { readonly to: Tensor | undefined; readonly bias?: Tensor | undefined };

/** positions = image * filter + bias */
export function convolve(gpu: Gpu, g: ConvGeometry, image: Tensor, filter: Tensor, result: Result): void {
  multiply(gpu, ofPositions, g, [image, filter], result);
}

/** image = the sum over the positions that see a pixel, + bias */
export function spreadBack(gpu: Gpu, g: ConvGeometry, from: Tensor, filter: Tensor, result: Result): void {
  multiply(gpu, ofImage, g, [from, filter], result);
}

/** filter = the sum over positions of image under it times position */
export function correlate(gpu: Gpu, g: ConvGeometry, from: Tensor, image: Tensor, result: Result): void {
  multiply(gpu, ofFilter, g, [from, image], result);
}

function multiply(gpu: Gpu, kind: Kind, g: ConvGeometry, reads: readonly Tensor[], { to, bias }: Result): void {
  if (!to) return;
  const size = kind.size(g);
  const { rows, columns, depth } = size;
  spread(gpu, size, { to, bias }, (variant, chunk, target) => ({
    program: {
      shader: "conv",
      constants: {
        ...variant,
        KIND: kind.number,
        LEFT_BY_K: kind.leftByK,
        RIGHT_BY_K: kind.rightByK,
        BY_FOUR: g.channels % 4 === 0 && g.outputs % 4 === 0,
      },
    },
    reads,
    writes: [target],
    sizes: [
      ...[rows, columns, depth, chunk, g.height, g.width, g.channels, g.outputs],
      ...[g.kernelHeight, g.kernelWidth, g.rows, g.columns, g.stride, g.padding],
    ],
  }));
}
