// Shapes of the networks' parameters by path, and values for them: random, but such that every part of a network matters
// in what comes out.
import { parameterShapes, type BeitConfig } from "@beitjs/beit-encoder";
import type { DallEConfig } from "@beitjs/dvae-tokenizer";
import type { Shape } from "@beitjs/tensor-core";
import type { Rng } from "@beitjs/tensor-core/random";

/** The half of DALL-E's network that tokenizes. (openai/DALL-E, dall_e/encoder.py) */
export function tokenizerShapes(config: DallEConfig): Map<string, Shape> {
  const { channels, hidden, groups, blocksPerGroup, vocabSize } = config;
  const shapes = new Map<string, Shape>();
  const conv = (path: string, input: number, output: number, size: number): void => {
    shapes.set(`encoder.${path}.filter`, [output, size, size, input]);
    shapes.set(`encoder.${path}.bias`, [output]);
  };
  conv("input", channels, hidden, 7);
  for (let group = 0, input = hidden; group < groups; group++) {
    const output = hidden * 2 ** group;
    for (let block = 0; block < blocksPerGroup; block++, input = output) {
      const path = `groups.${group}.${block}`;
      conv(`${path}.conv1`, input, output / 4, 3);
      conv(`${path}.conv2`, output / 4, output / 4, 3);
      conv(`${path}.conv3`, output / 4, output / 4, 3);
      conv(`${path}.conv4`, output / 4, output, 1);
      if (input !== output) conv(`${path}.identity`, input, output, 1);
    }
  }
  conv("output", hidden * 2 ** (groups - 1), vocabSize, 1);
  return shapes;
}

/** All parameters of a BEiT. */
export function encoderShapes(config: BeitConfig): ReadonlyMap<string, Shape> {
  return parameterShapes(config);
}

/** Uniform values around 0, or around 1 for factors of a normalization, as wide as the parameter's place wants them. */
export function randomValues(path: string, shape: Shape, rng: Rng): Float32Array {
  const { center, bound } = rangeOf(path, shape);
  const values = new Float32Array(shape.reduce((product, side) => product * side, 1));
  for (let i = 0; i < values.length; i++) values[i] = center + bound * (2 * rng.uniform() - 1);
  return values;
}

function rangeOf(path: string, shape: Shape): { readonly center: number; readonly bound: number } {
  if (path.endsWith(".gamma")) return { center: 1, bound: 0.2 };
  if (/\.scale[12]$/.test(path)) return { center: 0.1, bound: 0.05 };
  if (path.endsWith(".filter")) {
    const fanIn = shape[1] * shape[2] * shape[3];
    // Residual branches are damped by 1 / 64 in the network.
    return { center: 0, bound: Math.sqrt(6 / fanIn) * (path.endsWith("conv4.filter") ? 32 : 1) };
  }
  if (path.endsWith(".weight")) return { center: 0, bound: Math.sqrt(3 / shape[1]) };
  return { center: 0, bound: 0.1 };
}
