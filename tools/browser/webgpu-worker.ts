// In a worker of a page: every op on WebGPU, in its smallest case, against the reference, and a pre-training on WebGPU beside
// the same one on simd.
import { sizeOf, type Backend } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { compareWithReferenceAsync, titleOf, type InputCase } from "@beitjs/tensor-core/testing";
import { createWebgpuBackend } from "@beitjs/tensor-core/webgpu";
import { initTokenizer } from "@beitjs/dvae-tokenizer";
import { allCases } from "../../packages/tensor-core/src/ops/all-cases.ts";
import { pretrain } from "../../packages/trainers/src/pretrain.ts";
import { tinyImages, tinyPretrain, tinyTokenizer } from "../../packages/trainers/src/testing.ts";
import { post } from "./post.ts";

export type WebgpuOutcome = {
  readonly adapter: string;
  readonly simdThreads: number;
  readonly ops: readonly { readonly title: string; readonly error: number; readonly tolerance: number }[];
  readonly fallbacks: readonly string[];
  readonly losses: { readonly webgpu: readonly number[]; readonly simd: readonly number[] };
};

async function testAll(): Promise<WebgpuOutcome> {
  const webgpu = await createWebgpuBackend({ allowSoftware: true });
  const simd = await createSimdBackend();
  const ops: WebgpuOutcome["ops"][number][] = [];
  for (const opCase of smallestCases()) {
    const { tolerance = 1e-5, gradientTolerance = tolerance } = opCase;
    const { values, gradients } = await compareWithReferenceAsync(webgpu, opCase);
    const error = Math.max(values.error / tolerance, gradients.error / gradientTolerance) * tolerance;
    ops.push({ title: titleOf(opCase), error, tolerance });
  }
  const tokenizer = initTokenizer(tinyTokenizer.model, createRng(1), simd);
  const lossesOn = async (backend: Backend): Promise<readonly number[]> => {
    const losses: number[] = [];
    for await (const { loss } of pretrain({ recipe: tinyPretrain, images: tinyImages(), tokenizer, backend }))
      losses.push(loss);
    return losses;
  };
  return {
    adapter: webgpu.adapter,
    simdThreads: simd.threads,
    ops,
    fallbacks: [...webgpu.fallbacks],
    losses: { webgpu: await lossesOn(webgpu), simd: await lossesOn(simd) },
  };
}

type Case = (typeof allCases)[number];

function smallestCases(): readonly Case[] {
  const smallest = new Map<string, Case>();
  for (const opCase of allCases) {
    const known = smallest.get(opCase.op.name);
    if (!known || elementsOf(opCase) < elementsOf(known)) smallest.set(opCase.op.name, opCase);
  }
  return [...smallest.values()];
}

function elementsOf({ inputs }: Case): number {
  const shapes = Object.values(inputs).flatMap((input) => (input === undefined ? [] : ([input].flat() as InputCase[])));
  return shapes.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

post(await testAll());
