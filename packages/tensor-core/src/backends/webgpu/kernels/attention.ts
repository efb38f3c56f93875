import { attentionOp, attentionProbabilitiesOp } from "../../../ops/attention.ts";
import type { Tensor } from "../../../tensor.ts";
import { implement, type Gpu } from "../context.ts";
import { eachRow } from "./rows.ts";

// Queries or keys of a workgroup, as in shaders/attention.wgsl; sides of the tiles of attention-bias.wgsl.
const INVOCATIONS = 64;
const BIAS_TILE = 16;

export const attentionKernels = implement(attentionOp, {
  forward(gpu, { qkv, bias }, { y, logSumExp }, { heads }) {
    const sizes = sizesOf(qkv, heads);
    const { stored, constants } = storedQkv(gpu, qkv, sizes);
    const halves = constants.BY_FOUR ? gpu.halvesOf(y) : undefined;
    gpu.grid(
      { shader: "attention", entry: "forward", constants: { ...constants, FORWARD: true, Y_HALF: !!halves } },
      [Math.ceil(sizes.tokens / INVOCATIONS), heads, sizes.batch],
      { reads: [stored, bias], writes: [halves ?? y, logSumExp], ...parametersOf(sizes, heads, bias) },
    );
  },
  backward(gpu, { dy, qkv, bias, y, logSumExp }, { dqkv, dbias }, { heads }) {
    const sizes = sizesOf(qkv, heads);
    const { batch, tokens, headWidth, scale } = sizes;
    const rows = batch * heads * tokens;
    const delta = gpu.scratch(rows);
    const halves = gpu.halvesOf(y);
    const program = { shader: "attention-delta", constants: { Y_HALF: !!halves } } as const;
    gpu.elements(program, rows, { reads: [halves ?? y, dy], writes: [delta], sizes: [rows, tokens, heads, headWidth] });
    const { stored, constants } = storedQkv(gpu, qkv, sizes);
    const reads = [stored, bias, dy, logSumExp, delta];
    const backward = (gradient: Tensor, entry: string): void =>
      gpu.grid({ shader: "attention", entry, constants }, [Math.ceil(tokens / INVOCATIONS), heads, batch], {
        reads,
        writes: [gradient],
        ...parametersOf(sizes, heads, bias),
      });
    if (dqkv) for (const entry of ["queryGradient", "keyGradient", "valueGradient"]) backward(dqkv, entry);
    if (!dbias) return;
    const tiles = Math.ceil(tokens / BIAS_TILE);
    const parameters = { sizes: [batch, tokens, heads], numbers: [scale] };
    gpu.grid({ shader: "attention-bias", constants }, [tiles, tiles, heads], {
      reads,
      writes: [dbias],
      ...parameters,
    });
  },
});

export const attentionProbabilitiesKernels = implement(attentionProbabilitiesOp, {
  forward(gpu, { qkv, bias }, { y }, { heads }) {
    const { batch, tokens, headWidth, scale } = sizesOf(qkv, heads);
    eachRow(
      gpu,
      { shader: "attention-probabilities" },
      { rows: batch * heads * tokens, width: tokens },
      {
        reads: [qkv, bias],
        writes: [y],
        sizes: [heads, headWidth, bias ? 1 : 0],
        numbers: [scale],
      },
    );
  },
});

type Sizes = { readonly batch: number; readonly tokens: number; readonly headWidth: number; readonly scale: number };

function sizesOf({ shape: [batch, tokens, width] }: Tensor, heads: number): Sizes {
  const headWidth = width / (3 * heads);
  return { batch, tokens, headWidth, scale: 1 / Math.sqrt(headWidth) };
}

// Queries, keys and values as they are stored, where the shader reads them so, and its constants.
function storedQkv(gpu: Gpu, qkv: Tensor, { headWidth }: Sizes) {
  const byFour = headWidth % 4 === 0;
  const halves = byFour ? gpu.halvesOf(qkv) : undefined;
  return { stored: halves ?? qkv, constants: { HEAD: headWidth, BY_FOUR: byFour, QKV_HALF: !!halves } };
}

function parametersOf({ tokens, scale }: Sizes, heads: number, bias: Tensor | undefined) {
  return { sizes: [tokens, heads, bias ? 1 : 0], numbers: [scale] };
}
