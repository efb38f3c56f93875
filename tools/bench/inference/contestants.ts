// Everybody who can run a network here: our builds, and the peers that are installed.
import { simdBuilds } from "@beitjs/tensor-core/simd";
import type { BenchOptions } from "../arguments.ts";
import { bundleWorker } from "../bundle.ts";
import { compileCeiling } from "../gemm/ceiling.ts";
import { peerFiles, type FoundPeers } from "../peers.ts";
import type { Command } from "../processes.ts";
import { buildVariants, integerVariants, type SimdVariant } from "../simd-builds.ts";
import type { InferenceRequest } from "./settings.ts";

export type InferenceContestant = {
  readonly name: string;
  readonly threads: number;
  /** Its results are near the others', as near as its precision allows. */
  readonly approximate?: boolean;
  command(timing: Pick<InferenceRequest, "minimumCalls" | "seconds" | "output">): Command;
};

type Model = Pick<InferenceRequest, "network" | "config" | "files">;

export async function inferenceContestants(
  model: Model,
  peers: FoundPeers,
  { threads }: Pick<BenchOptions, "threads">,
): Promise<InferenceContestant[]> {
  return [...(await ours(model, threads)), ...javascriptPeers(model, peers, threads), ...torch(model, peers, threads)];
}

async function ours(model: Model, counts: readonly number[]): Promise<InferenceContestant[]> {
  const worker = await bundleWorker(new URL("simd-worker.ts", import.meta.url));
  const ceilings = { base: await compileCeiling("base"), fused: await compileCeiling("relaxed") };
  const exact: readonly (SimdVariant & { readonly name: string })[] = buildVariants(simdBuilds, counts);
  return [...exact, ...integerVariants(simdBuilds, counts)].map(({ name, ...variant }) => {
    const request = { ...model, ...variant, ceilingWasm: variant.build === "base" ? ceilings.base : ceilings.fused };
    const approximate = variant.precision !== undefined;
    return { name, threads: variant.threads, approximate, command: (timing) => worker({ ...request, ...timing }) };
  });
}

function javascriptPeers(model: Model, { npm }: FoundPeers, counts: readonly number[]): InferenceContestant[] {
  const contestant = (name: string, file: string, threads: number, more: object = {}): InferenceContestant => ({
    name: `${name}-${threads}`,
    threads,
    command: (timing) => [process.execPath, file, JSON.stringify({ ...model, threads, ...more, ...timing })],
  });
  const { onnxInference, tfjsInference, jaxInference } = peerFiles;
  return [
    ...counts.flatMap((count) =>
      npm.has("ort-web") ? contestant("ort-web", onnxInference, count, { engine: "web" }) : [],
    ),
    ...counts.flatMap((count) =>
      npm.has("ort-node") ? contestant("ort-node", onnxInference, count, { engine: "node" }) : [],
    ),
    // These two have no threads in Node.
    ...(npm.has("tfjs") ? [contestant("tfjs-wasm", tfjsInference, 1)] : []),
    ...(npm.has("jax") ? [contestant("jax-wasm", jaxInference, 1)] : []),
  ];
}

function torch(model: Model, { python }: FoundPeers, counts: readonly number[]): InferenceContestant[] {
  if (python === undefined) return [];
  return counts.map((threads) => ({
    name: `torch-${threads}`,
    threads,
    command: (timing) => [python, peerFiles.torchInference, JSON.stringify({ ...model, threads, ...timing })],
  }));
}
