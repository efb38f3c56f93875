// In a worker of a page: visual tokens of images on simd, beside those of the reference.
import { createRng } from "@beitjs/tensor-core/random";
import { imageShape } from "@beitjs/tensor-core/grid";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { tensor, type Backend } from "@beitjs/tensor-core";
import { initTokenizer, tokenize } from "@beitjs/dvae-tokenizer";
import { tinyTokenizer } from "../../packages/trainers/src/testing.ts";
import { post } from "./post.ts";

export type SimdOutcome = {
  readonly threads: number;
  readonly reasons: { readonly build: string; readonly threads: string };
  readonly tokens: { readonly simd: readonly number[]; readonly reference: readonly number[] };
};

const { model } = tinyTokenizer;

async function tokensOn(backend: Backend): Promise<readonly number[]> {
  const shape = imageShape(2, model);
  const values = Float32Array.from(
    { length: shape.reduce((product, side) => product * side) },
    (_, i) => (i % 97) / 96,
  );
  return [...(await tokenize(initTokenizer(model, createRng(1), backend), tensor(values, shape, backend)).read())];
}

const simd = await createSimdBackend();
const tokens = { simd: await tokensOn(simd), reference: await tokensOn(createReferenceBackend()) };
post({ threads: simd.threads, reasons: simd.reasons, tokens } satisfies SimdOutcome);
