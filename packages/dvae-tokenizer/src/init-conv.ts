// How the networks' convolutions start: N(0, 1 / fan-in) with zero biases in DALL-E's, PyTorch's default of
// U(-1/sqrt(fan-in), 1/sqrt(fan-in)) in the strided ones, as in the originals.
import { tensor, type Backend } from "@beitjs/tensor-core";
import type { Conv2dParams } from "@beitjs/tensor-core/nn";
import type { Rng } from "@beitjs/tensor-core/random";

export type ConvShape = { readonly input: number; readonly output: number; readonly size: number };

/** Makes one convolution of a network. */
export type InitConv = (shape: ConvShape) => Conv2dParams;

/** Normal filters of variance 1 / fan-in, biases of zero. (openai/DALL-E, dall_e/utils.py) */
export function normalConv(rng: Rng, backend: Backend): InitConv {
  return ({ input, output, size }) => {
    const std = 1 / Math.sqrt(input * size * size);
    const filter = Float32Array.from({ length: output * size * size * input }, () => std * rng.normal());
    return {
      filter: tensor(filter, [output, size, size, input], backend),
      bias: tensor(new Float32Array(output), [output], backend),
    };
  };
}

/** Uniform filters and biases within 1 / sqrt(fan-in). */
export function uniformConv(rng: Rng, backend: Backend): InitConv {
  return ({ input, output, size }) => uniform([output, size, size, input], input * size * size, output, rng, backend);
}

/** The same for transposed convolutions [input, size, size, output], whose fan-in PyTorch counts on the output side. */
export function uniformTransposedConv(rng: Rng, backend: Backend): InitConv {
  return ({ input, output, size }) => uniform([input, size, size, output], output * size * size, output, rng, backend);
}

function uniform(shape: readonly number[], fanIn: number, output: number, rng: Rng, backend: Backend): Conv2dParams {
  const bound = 1 / Math.sqrt(fanIn);
  const draw = (length: number): Float32Array => Float32Array.from({ length }, () => bound * (2 * rng.uniform() - 1));
  const size = shape.reduce((product, side) => product * side, 1);
  return { filter: tensor(draw(size), shape, backend), bias: tensor(draw(output), [output], backend) };
}
