// Images that are no squares, both architectures: logits, visual tokens and pixels against the network written out as plain
// loops in float64, which share nothing with the ops.
import { afterAll, describe, expect, it } from "vitest";
import { leafAt, leaves, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { heightWidth, type ImageSize } from "@beitjs/tensor-core/grid";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { hashSigned, hashUniform } from "@beitjs/tensor-core/testing";
import {
  decodeGaussian,
  decodeTokens,
  detokenize,
  dvaeVariants,
  encodeGaussian,
  initGaussianVae,
  initTokenizer,
  tokenGridOf,
  tokenize,
  tokenLogits,
  validateDvaeConfig,
  type DallEConfig,
  type DvaeConfig,
  type GaussianVaeConfig,
  type StridedConfig,
  type Tokenizer,
} from "./index.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const backends: readonly [string, Backend, tolerance: number][] = [
  ["reference", createReferenceBackend(), 1e-12],
  ["simd", simd, 1e-5],
];

const small = { channels: 3, vocabSize: 12, codebookWidth: 6, hidden: 8 };
const dallE: DallEConfig = { ...dvaeVariants["dall-e"], ...small, imageSize: [8, 20], groups: 3, blocksPerGroup: 2 };
const strided: StridedConfig = { ...dvaeVariants["beit-customized"], ...small, imageSize: [24, 8], layers: 3 };
const middle: StridedConfig = {
  ...dvaeVariants["dalle-pytorch"],
  ...{ ...small, imageSize: [4, 28], layers: 2, middleBlocks: 1, pixelRange: "unit", reconstruction: "smooth-l1" },
};
const cases: readonly [string, DvaeConfig, readonly [rows: number, cols: number]][] = [
  ["dall-e, 8 x 20", dallE, [2, 5]],
  ["strided, 24 x 8", strided, [3, 1]],
  ["strided with middle blocks, 4 x 28", middle, [1, 7]],
];

/** One image on the host: rows of columns of channels, in float64. */
type Plane = { readonly height: number; readonly width: number; readonly depth: number; readonly data: Float64Array };
type Conv = { readonly filter: Tensor; readonly bias: Tensor };

const at = ({ width, depth, data }: Plane, y: number, x: number, c: number) => data[(y * width + x) * depth + c];

function plane(
  height: number,
  width: number,
  depth: number,
  value: (y: number, x: number, c: number) => number,
): Plane {
  const data = new Float64Array(height * width * depth);
  for (let i = 0; i < data.length; i++) {
    data[i] = value(Math.floor(i / (width * depth)), Math.floor(i / depth) % width, i % depth);
  }
  return { height, width, depth, data };
}

const map = (x: Plane, change: (value: number) => number): Plane => ({ ...x, data: x.data.map(change) });
const relu = (x: Plane) => map(x, (value) => Math.max(0, value));
const add = (a: Plane, b: Plane, scale = 1): Plane => ({ ...a, data: a.data.map((v, i) => v + scale * b.data[i]) });

// Filters are [O, k, k, I].
function conv(x: Plane, { filter, bias }: Conv, { stride = 1, padding = 0 } = {}): Plane {
  const [weights, offsets] = [filter.readSync(), bias.readSync()];
  const [outputs, size, , inputs] = filter.shape;
  const side = (length: number) => Math.floor((length + 2 * padding - size) / stride) + 1;
  return plane(side(x.height), side(x.width), outputs, (row, col, o) => {
    let sum = offsets[o];
    for (let ky = 0; ky < size; ky++) {
      for (let kx = 0; kx < size; kx++) {
        const [y, from] = [row * stride + ky - padding, col * stride + kx - padding];
        if (y < 0 || y >= x.height || from < 0 || from >= x.width) continue;
        for (let i = 0; i < inputs; i++) sum += weights[((o * size + ky) * size + kx) * inputs + i] * at(x, y, from, i);
      }
    }
    return sum;
  });
}

// Filters are [I, k, k, O]; every input pixel paints k x k output pixels.
function paint(x: Plane, { filter, bias }: Conv): Plane {
  const [weights, offsets] = [filter.readSync(), bias.readSync()];
  const [inputs, size, , outputs] = filter.shape;
  const out = plane(2 * x.height, 2 * x.width, outputs, (_y, _x, o) => offsets[o]);
  for (let y = 0; y < x.height; y++) {
    for (let col = 0; col < x.width; col++) {
      for (let ky = 0; ky < size; ky++) {
        for (let kx = 0; kx < size; kx++) {
          const [row, to] = [2 * y + ky - 1, 2 * col + kx - 1];
          if (row < 0 || row >= out.height || to < 0 || to >= out.width) continue;
          for (let o = 0; o < outputs; o++) {
            for (let i = 0; i < inputs; i++) {
              const weight = weights[((i * size + ky) * size + kx) * outputs + o];
              out.data[(row * out.width + to) * outputs + o] += weight * at(x, y, col, i);
            }
          }
        }
      }
    }
  }
  return out;
}

const pool = (x: Plane) =>
  plane(x.height / 2, x.width / 2, x.depth, (row, col, c) =>
    Math.max(...[0, 1, 2, 3].map((i) => at(x, 2 * row + (i >> 1), 2 * col + (i & 1), c))),
  );
const double = (x: Plane) => plane(2 * x.height, 2 * x.width, x.depth, (row, col, c) => at(x, row >> 1, col >> 1, c));

/** The network of a tokenizer in plain loops. */
function network({ config, params }: Pick<Tokenizer, "config"> & { readonly params: object }) {
  const part = (path: string): Conv => ({
    filter: leafAt<Tensor>(params, `${path}.filter`) as Tensor,
    bias: leafAt<Tensor>(params, `${path}.bias`) as Tensor,
  });
  const has = (path: string) => leafAt<Tensor>(params, `${path}.filter`) !== undefined;
  const same = (x: Plane, path: string) => conv(x, part(path), { padding: (part(path).filter.shape[1] - 1) / 2 });
  const plain = (x: Plane, path: string) => {
    const hidden = relu(same(x, `${path}.conv1`));
    return add(x, same(relu(same(hidden, `${path}.conv2`)), `${path}.conv3`));
  };
  const bottleneck = (x: Plane, path: string, gain: number) => {
    const branch = [1, 2, 3, 4].reduce((y, i) => same(relu(y), `${path}.conv${i}`), x);
    return add(has(`${path}.identity`) ? conv(x, part(`${path}.identity`)) : x, branch, gain);
  };
  const blocks = (x: Plane, path: string, count: number) =>
    Array.from({ length: count }, (_, i) => `${path}.${i}`).reduce(plain, x);
  const groups = (x: Plane, half: string, between: (x: Plane) => Plane) => {
    const { groups: count, blocksPerGroup } = config as DallEConfig;
    for (let group = 0; group < count; group++) {
      for (let i = 0; i < blocksPerGroup; i++) {
        x = bottleneck(x, `${half}.groups.${group}.${i}`, 1 / (count * blocksPerGroup) ** 2);
      }
      if (group < count - 1) x = between(x);
    }
    return relu(x);
  };
  const trunk = (x: Plane) => {
    const { layers, blocksPerStage, middleBlocks } = config as StridedConfig;
    for (let layer = 0; layer < layers; layer++) {
      const path = `encoder.stages.${layer}`;
      x = blocks(relu(conv(x, part(`${path}.down`), { stride: 2, padding: 1 })), `${path}.blocks`, blocksPerStage);
    }
    return blocks(x, "encoder.middle", middleBlocks);
  };
  const generator = (x: Plane) => {
    const { layers, blocksPerStage, middleBlocks } = config as StridedConfig;
    x = blocks(middleBlocks > 0 ? conv(x, part("decoder.input")) : x, "decoder.middle", middleBlocks);
    for (let layer = 0; layer < layers; layer++) {
      const path = `decoder.stages.${layer}`;
      x = blocks(relu(paint(x, part(`${path}.up`))), `${path}.blocks`, blocksPerStage);
    }
    return conv(x, part("decoder.output"));
  };
  const { scale, shift } = {
    mapped: { scale: 0.8, shift: 0.1 },
    normalized: { scale: 2, shift: -1 },
    unit: { scale: 1, shift: 0 },
  }[config.pixelRange];
  const seen = (image: Plane) => map(image, (value) => scale * value + shift);
  const shown = (output: Plane) => map(output, (value) => Math.min(1, Math.max(0, (value - shift) / scale)));
  const isDallE = config.architecture === "dall-e";
  return {
    trunk: (image: Plane) => trunk(seen(image)),
    logits(image: Plane): Plane {
      if (!isDallE) return conv(trunk(seen(image)), part("encoder.logits"));
      return conv(groups(same(seen(image), "encoder.input"), "encoder", pool), part("encoder.output"));
    },
    pixels(ids: readonly number[], [rows, cols]: readonly [number, number]): Plane {
      const table = (leafAt<Tensor>(params, "codebook.table") as Tensor).readSync();
      const bias = leafAt<Tensor>(params, "codebook.bias")?.readSync();
      const { codebookWidth, channels } = config;
      const vectors = plane(
        rows,
        cols,
        codebookWidth,
        (row, col, d) => table[ids[row * cols + col] * codebookWidth + d] + (bias?.[d] ?? 0),
      );
      if (!isDallE) return shown(generator(vectors));
      const statistics = conv(groups(vectors, "decoder", double), part("decoder.output"));
      const { height, width } = statistics;
      return shown(plane(height, width, channels, (y, x, c) => 1 / (1 + Math.exp(-at(statistics, y, x, c)))));
    },
    generator: (latents: Plane) => shown(generator(latents)),
  };
}

const imageOf = (size: ImageSize, b: number): Plane => {
  const { height, width } = heightWidth(size);
  return plane(height, width, 3, (y, x, c) => hashUniform(1000 + b, (y * width + x) * 3 + c));
};

function batchOf(planes: readonly Plane[], backend: Backend): Tensor {
  const [{ height, width, depth }] = planes;
  const data = Float64Array.from(planes.flatMap((one) => [...one.data]));
  return tensor(data, [planes.length, height, width, depth], backend);
}

function refill({ params }: { readonly params: object }): void {
  leaves<Tensor>(params).forEach(([path, leaf], k) => {
    const fan = leaf.shape.slice(1).reduce((product, side) => product * side, 1);
    const spread = path.endsWith("bias") ? 0.2 : Math.sqrt(6 / fan);
    const values = Float64Array.from({ length: leaf.size }, (_, i) => spread * hashSigned(k, i));
    leaf.backend.write(leaf.storage.handle, leaf.backend.name === "simd" ? Float32Array.from(values) : values);
    leaf.storage.version++;
  });
}

function largestError(actual: ArrayLike<number>, planes: readonly Plane[]): number {
  const truth = planes.flatMap((one) => [...one.data]);
  expect(actual.length).toBe(truth.length);
  const size = Math.max(...truth.map(Math.abs));
  expect(size).toBeGreaterThan(0.1);
  return Math.max(...truth.map((value, i) => Math.abs(value - actual[i]))) / size;
}

describe.each(backends)("on %s", (_name, backend, tolerance) => {
  describe.each(cases)("%s", (_case, config, grid) => {
    const tokenizer = initTokenizer(config, createRng(1), backend);
    refill(tokenizer);
    const truth = network(tokenizer);
    const images = [imageOf(config.imageSize, 0), imageOf(config.imageSize, 1)];

    it("has the logits, and the largest of them as tokens", () => {
      const { rows, cols } = tokenGridOf(config);
      expect([rows, cols]).toEqual(grid);
      const expected = images.map(truth.logits);
      const logits = tokenLogits(tokenizer, batchOf(images, backend));
      expect(logits.shape).toEqual([2, ...grid, config.vocabSize]);
      expect(largestError(logits.readSync(), expected)).toBeLessThan(tolerance);
      const tokens = tokenize(tokenizer, batchOf(images, backend));
      expect(tokens.shape).toEqual([2, ...grid]);
      const best = expected.flatMap(({ data }) =>
        Array.from({ length: rows * cols }, (_, cell) => {
          const row = [...data.subarray(cell * config.vocabSize, (cell + 1) * config.vocabSize)];
          return row.indexOf(Math.max(...row));
        }),
      );
      expect([...tokens.readSync()]).toEqual(best);
      expect(new Set(best).size).toBeGreaterThan(1);
    });

    it("has the pixels of a grid of tokens", () => {
      const cells = grid[0] * grid[1];
      const ids = Array.from({ length: 2 * cells }, (_, i) => (5 * i + 2) % config.vocabSize);
      const expected = [0, 1].map((b) => truth.pixels(ids.slice(b * cells, (b + 1) * cells), grid));
      const pixels = detokenize(tokenizer, tensor(ids, [2, ...grid], backend, "int32"));
      const { height, width } = heightWidth(config.imageSize);
      expect(pixels.shape).toEqual([2, height, width, 3]);
      expect(largestError(pixels.readSync(), expected)).toBeLessThan(tolerance);
    });

    it("decodes tokens of the host to the same pixels", async () => {
      const cells = grid[0] * grid[1];
      const ids = Array.from({ length: 2 * cells }, (_, i) => (7 * i + 1) % config.vocabSize);
      const pixels = detokenize(tokenizer, tensor(ids, [2, ...grid], backend, "int32"));
      expect(await decodeTokens(tokenizer, ids)).toEqual(Float32Array.from(pixels.readSync()));
      await expect(decodeTokens(tokenizer, ids.slice(1))).rejects.toThrow(
        `[decodeTokens] expected a multiple of ${cells} tokens, got ${2 * cells - 1}`,
      );
    });

    it("refuses the same images lying on their side", () => {
      const { height, width } = heightWidth(config.imageSize);
      expect(() => tokenize(tokenizer, batchOf([imageOf([width, height], 0)], backend))).toThrow(
        `[tokenize] expected [B, ${height}, ${width}, 3], got [1, ${width}, ${height}, 3]`,
      );
      const turned = tensor(new Int32Array(grid[0] * grid[1]), [1, grid[1], grid[0]], backend, "int32");
      expect(() => detokenize(tokenizer, turned)).toThrow(`[detokenize] expected [B, ${grid.join(", ")}]`);
    });
  });

  it("the Gaussian VAE has mean, log-variance and pixels", () => {
    const { vocabSize: _, ...rest } = strided;
    const config: GaussianVaeConfig = { ...rest, reconstruction: "mse" };
    const vae = initGaussianVae(config, createRng(2), backend);
    refill(vae);
    const truth = network({ config: strided, params: vae.params });
    const images = [imageOf(config.imageSize, 0), imageOf(config.imageSize, 1)];
    const { mean, logVariance } = encodeGaussian(vae, batchOf(images, backend));
    expect(mean.shape).toEqual([2, 3, 1, 6]);
    const hidden = images.map(truth.trunk);
    const { encoder } = vae.params;
    const expected = hidden.map((one) => conv(one, encoder.mean));
    expect(largestError(mean.readSync(), expected)).toBeLessThan(tolerance);
    const variances = hidden.map((one) => conv(one, encoder.logVariance));
    expect(largestError(logVariance.readSync(), variances)).toBeLessThan(tolerance);
    const pixels = decodeGaussian(vae, batchOf(expected, backend));
    expect(pixels.shape).toEqual([2, 24, 8, 3]);
    expect(largestError(pixels.readSync(), expected.map(truth.generator))).toBeLessThan(tolerance);
  });
});

it("sizes are checked on both sides", () => {
  expect(() => validateDvaeConfig({ ...dallE, imageSize: [8, 18] })).toThrow(
    "[dvae] expected imageSize to be a multiple of 4, got 8 x 18",
  );
  expect(() => validateDvaeConfig({ ...dallE, imageSize: [0, 8] })).toThrow(
    "[dvae] expected imageSize to be a positive integer or [height, width], got 0,8",
  );
  // As a file of another program may have it.
  expect(() => validateDvaeConfig({ ...dallE, imageSize: undefined } as unknown as DvaeConfig)).toThrow(
    "[dvae] expected imageSize to be a positive integer or [height, width], got undefined",
  );
});
