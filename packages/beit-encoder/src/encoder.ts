// The encoder: patches, blocks and nothing after them; norms and heads are in heads.ts. (BEiT paper, section 2.2)
import { recomputed, scope, zeros, type Tensor } from "@beitjs/tensor-core";
import { imageShape } from "@beitjs/tensor-core/grid";
import { dropPath } from "@beitjs/tensor-core/nn";
import { reshape } from "@beitjs/tensor-core/ops";
import type { Rng } from "@beitjs/tensor-core/random";
import { block, type BlockInputs, type BlockOptions } from "./block.ts";
import { dropPathRate, gridOf, patchCount } from "./config.ts";
import { maskTensor, type MaskInput, type VisiblePatches } from "./masks.ts";
import type { Beit, BlockParams } from "./parameters.ts";
import { embedPatches, embedVisible, withoutRegisters, withRegisters } from "./patch-embedding.ts";
import { biasLookup } from "./positions/relative.ts";

export type EncodeOptions = {
  /** Patches to replace by the mask token. */
  readonly mask?: MaskInput | undefined;
  /** Turns drop path on; two draws an example and block, but none in blocks of rate 0. */
  readonly rng?: Rng | undefined;
  /**
   * In training, keeps nothing of a block but its input and computes the block once more for its gradient: a third more work,
   * and the memory of one block instead of all. Values and gradients are the same to the bit.
   */
  readonly recompute?: boolean | undefined;
};

/**
 * Tokens of images after the last block. [B, H, W, C] -> [B, N + 1, D]; row 0 is the class token.
 *
 * @param pixels normalized as the model was trained
 * @throws `[encode] expected pixels [B, H, W, C], got …`, also for masks that do not fit
 */
export function encode(beit: Beit, pixels: Tensor, options: EncodeOptions = {}): Tensor {
  return scope(pixels.backend, () => runBlocks(beit, pixels, options));
}

/**
 * Makes ahead of the first `encode` what its backend keeps of the parameters (packed), so that the first call is as fast as the
 * others; without it the first call does so. For models that are not being trained.
 */
export function prepareBeit(beit: Beit): void {
  const { backend } = beit.params.classToken;
  backend.prepare?.(() =>
    scope(backend, () => {
      encode(beit, zeros(imageShape(1, beit.config), backend));
    }),
  );
}

export type Features = {
  /** As `encode` gives it. */
  readonly encoded: Tensor;
  /** Outputs of the chosen blocks, in order of depth, without any norm. [B, N + 1, D] each */
  readonly features: readonly Tensor[];
};

/**
 * Tokens after the last block and after the chosen ones, for probing and dense tasks.
 *
 * @param options.blocks numbers of blocks from 0; default all
 * @throws if there is no such block
 */
export function encodeWithFeatures(
  beit: Beit,
  pixels: Tensor,
  options: EncodeOptions & { readonly blocks?: readonly number[] } = {},
): Features {
  const blocks = options.blocks ?? beit.params.blocks.map((_, index) => index);
  checkBlocks("encodeWithFeatures", blocks, beit);
  return scope(pixels.backend, () => {
    const features: Tensor[] = [];
    const encoded = runBlocks(beit, pixels, options, ({ index, output }) => {
      if (!blocks.includes(index)) return;
      const { registers } = beit.params;
      features.push(registers ? withoutRegisters(output, registers) : reshape(output, output.shape));
    });
    return { encoded, features };
  });
}

/** @internal One block of a run, as an observer sees it: before its input is freed. */
export type BlockStep = {
  readonly index: number;
  readonly input: Tensor;
  readonly output: Tensor;
  /** The block's relative position bias. */
  bias(): Tensor | undefined;
};

/** @internal How blocks are run, beside what `encode` is told. */
export type RunOptions = EncodeOptions & {
  /** The patches that are seen, where the others are no tokens at all. */
  readonly visible?: VisiblePatches | undefined;
};

type BlockCall = { readonly params: BlockParams; readonly inputs: BlockInputs };

/**
 * @internal All blocks, one after another; what a block makes is freed when it ends. What is observed of a model with registers has them
 * behind the patches, what comes out has not.
 */
export function runBlocks(
  beit: Beit,
  pixels: Tensor,
  { mask, rng, recompute = false, visible }: RunOptions,
  observe?: (step: BlockStep) => void,
): Tensor {
  const { config, params } = beit;
  const { heads, epsilon } = config;
  const { backend } = pixels;
  const size = { batch: checkPixels(beit, pixels), patches: patchCount(config) };
  if (mask && !params.maskToken) throw new Error("[encode] expected a model with a mask token for masked patches");
  const { registers } = params;
  let x = scope(backend, () => {
    const tokens = visible
      ? embedVisible(beit, pixels, visible)
      : embedPatches(beit, pixels, mask && maskTensor("encode", mask, size, backend));
    return registers ? withRegisters(tokens, registers) : tokens;
  });
  const biasOf = layerBias(beit, pixels);
  params.blocks.forEach((blockParams, index) => {
    const input = x;
    const bias = () => biasOf(index);
    const rate = dropPathRate(config, index);
    const factors = (): Tensor => dropPath({ rate, batch: size.batch }, rng as Rng, backend);
    x = scope(backend, () => {
      const keep = rng && rate > 0 ? ([factors(), factors()] as const) : undefined;
      return runBlock({ params: blockParams, inputs: { x: input, bias: bias(), keep } }, { heads, epsilon, recompute });
    });
    observe?.({ index, input, output: x, bias });
    input.dispose();
  });
  if (!registers) return x;
  const all = x;
  x = scope(backend, () => withoutRegisters(all, registers));
  all.dispose();
  return x;
}

/** @internal One block; in training, with all that it makes kept or made again. */
export function runBlock(
  call: BlockCall,
  { recompute, ...options }: BlockOptions & { readonly recompute: boolean },
): Tensor {
  const body = ({ params, inputs }: BlockCall): Tensor => block(params, inputs, options);
  return recompute ? recomputed(call, body) : body(call);
}

/** @internal */
export function checkBlocks(caller: string, blocks: readonly number[], { config }: Beit): void {
  for (const index of blocks) {
    if (Number.isInteger(index) && index >= 0 && index < config.depth) continue;
    throw new RangeError(`[${caller}] expected blocks in [0, ${config.depth}), got ${index}`);
  }
}

// A shared bias is made once; a layer's own when its block runs.
function layerBias({ config, params }: Beit, { backend }: Tensor): (block: number) => Tensor | undefined {
  if (config.relativePositions === "none") return () => undefined;
  const lookup = biasLookup(gridOf(config), backend);
  const shared = params.relativePositionBias && lookup(params.relativePositionBias);
  return (index) => {
    const own = params.blocks[index].attention.relativePositionBias;
    return own ? lookup(own) : shared;
  };
}

/** @internal @returns the images */
export function checkPixels({ config }: Beit, pixels: Tensor): number {
  const [, ...expected] = imageShape(1, config);
  if (pixels.shape.length !== 4 || expected.some((side, i) => side !== pixels.shape[i + 1])) {
    throw new Error(`[encode] expected pixels [B, ${expected.join(", ")}], got [${pixels.shape.join(", ")}]`);
  }
  return pixels.shape[0];
}
