// Losses of one training here and in PyTorch, step by step: the same network, first weights, images, masks, targets.
import { availableParallelism } from "node:os";
import { describeWebgpu } from "@beitjs/tensor-core/webgpu";
import type { BenchOptions } from "../arguments.ts";
import { bundleWorker } from "../bundle.ts";
import { findPeers, peerFiles, seesCuda } from "../peers.ts";
import { runContestants, runWorker, type Contestant } from "../processes.ts";
import type { Column, Skipped, SuiteResult } from "../report.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { curveSeeds, curveSettings, type CurveFiles, type CurveRequest, type CurveResult } from "./settings.ts";
import { curveRow, referenceCurve } from "./summary.ts";

const columns: readonly Column[] = [
  { key: "contestant", title: "contestant" },
  { key: "firstLoss", title: "first loss", digits: 4 },
  { key: "lastLoss", title: "last losses", digits: 4 },
  { key: "earlyDifference", title: "first 20 steps", digits: 8 },
  { key: "largestDifference", title: "largest difference", digits: 6 },
  { key: "meanDifference", title: "mean difference", digits: 6 },
];

/** One round: a training repeats itself. */
export async function curvesSuite(options: BenchOptions): Promise<SuiteResult> {
  const peers = await findPeers(options, { npm: [], python: { name: "torch", modules: ["torch", "numpy"] } });
  const folder = temporaryFolder("curves");
  const write = await bundleWorker(new URL("write-inputs.ts", import.meta.url));
  const files = await runWorker<CurveFiles>(write({ ...curveSettings, folder }));
  const { contestants: ours, skipped } = await contestantsOfOurs(files);
  const theirs = peers.python === undefined ? [] : await contestantsOfTorch(peers.python, files);
  const results = await runContestants<CurveResult>(
    [...theirs, ...ours],
    1,
    ({ losses }) => `loss ${losses[0].toFixed(3)} to ${losses[losses.length - 1].toFixed(3)}`,
  );
  const curves = new Map([...results].map(([name, [{ losses }]]) => [name, losses]));
  const reference = curves.get(referenceCurve);
  return {
    settings: curveSettings,
    rows: [...curves].map(([name, losses]) => curveRow(name, losses, reference)),
    columns,
    ratios: {},
    skipped: [...peers.skipped, ...skipped],
    problems: [],
    versions: Object.fromEntries([...results.values()].flatMap(([{ versions }]) => Object.entries(versions ?? {}))),
  };
}

async function contestantsOfOurs(
  files: CurveFiles,
): Promise<{ readonly contestants: Contestant[]; readonly skipped: readonly Skipped[] }> {
  const worker = await bundleWorker(new URL("worker.ts", import.meta.url), { external: ["webgpu"] });
  const [seed] = curveSeeds;
  const contestant = (name: string, engine: CurveRequest["engine"]): Contestant => ({
    name,
    command: worker({ ...curveSettings, files, seed, engine } satisfies CurveRequest),
  });
  const simd = contestant("simd", { name: "simd", threads: availableParallelism() });
  const without = await reasonAgainstWebgpu();
  if (without !== undefined) return { contestants: [simd], skipped: [{ name: "webgpu", reason: without }] };
  const gpu = (["float32", "mixed"] as const).map((precision) =>
    contestant(`webgpu-${precision}`, { name: "webgpu", precision }),
  );
  return { contestants: [simd, ...gpu], skipped: [] };
}

async function reasonAgainstWebgpu(): Promise<string | undefined> {
  try {
    const { software, adapter } = await describeWebgpu();
    return software ? `${adapter} computes on the processor, which takes hours` : undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

// With both first weights, and on the first with products of bfloat16.
async function contestantsOfTorch(python: string, files: CurveFiles): Promise<Contestant[]> {
  const device = (await seesCuda(python)) ? "cuda" : "cpu";
  const threads = availableParallelism();
  const contestant = (name: string, weights: string, autocast: boolean): Contestant => ({
    name,
    command: [
      python,
      peerFiles.torchCurve,
      JSON.stringify({ ...curveSettings, ...files, weights, device, threads, autocast }),
    ],
  });
  const [first, second] = files.weights;
  return [
    contestant(referenceCurve, first, false),
    contestant("torch, other weights", second, false),
    contestant("torch-bf16", first, true),
  ];
}
