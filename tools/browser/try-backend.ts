// In a worker of a page: every op on a backend, in its smallest case, against the reference, and a pre-training beside the same
// one on simd.
import type { Backend } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { compareWithReferenceAsync, elementsOf, titleOf } from "@beitjs/tensor-core/testing";
import { initTokenizer } from "@beitjs/dvae-tokenizer";
import { allCases } from "../../packages/tensor-core/src/ops/all-cases.ts";
import { pretrain } from "../../packages/trainers/src/stages/pretrain.ts";
import { tinyImages, tinyPretrain, tinyTokenizer } from "../../packages/trainers/src/testing.ts";

export type BackendOutcome = {
  readonly simdThreads: number;
  readonly ops: readonly { readonly title: string; readonly error: number; readonly tolerance: number }[];
  readonly fallbacks: readonly string[];
  readonly losses: { readonly backend: readonly number[]; readonly simd: readonly number[] };
};

export async function tryBackend(backend: Backend): Promise<BackendOutcome> {
  const ops: BackendOutcome["ops"][number][] = [];
  for (const opCase of smallestCases(backend)) {
    const { tolerance = 1e-5, gradientTolerance = tolerance } = opCase;
    const { values, gradients } = await compareWithReferenceAsync(backend, opCase);
    const error = Math.max(values.error / tolerance, gradients.error / gradientTolerance) * tolerance;
    ops.push({ title: titleOf(opCase), error, tolerance });
  }
  const simd = await createSimdBackend();
  const tokenizer = initTokenizer(tinyTokenizer.model, createRng(1), simd);
  const lossesOn = async (encoderBackend: Backend): Promise<readonly number[]> => {
    const options = { recipe: tinyPretrain, images: tinyImages(), tokenizer, backend: encoderBackend };
    const losses: number[] = [];
    for await (const { loss } of pretrain(options)) losses.push(loss);
    return losses;
  };
  const losses = { backend: await lossesOn(backend), simd: await lossesOn(simd) };
  return { simdThreads: simd.threads, ops, fallbacks: [...backend.fallbacks], losses };
}

type Case = (typeof allCases)[number];

// Fused ops are not looked for where a backend runs them as two.
function smallestCases({ kernels }: Backend): readonly Case[] {
  const smallest = new Map<string, Case>();
  for (const opCase of allCases) {
    const { name, fused } = opCase.op;
    if (fused && !kernels.has(name)) continue;
    const known = smallest.get(name);
    if (!known || elementsOf(opCase) < elementsOf(known)) smallest.set(name, opCase);
  }
  return [...smallest.values()];
}
