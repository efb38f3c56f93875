// One training step of the micro model: simd with one thread and with all, stock tfjs on wasm, PyTorch on the CPU.
import { simdBuilds } from "@beitjs/tensor-core/simd";
import type { BenchOptions } from "../arguments.ts";
import { bundleWorker } from "../bundle.ts";
import { findPeers, peerFiles, type FoundPeers } from "../peers.ts";
import { runContestants, type Command, type Contestant } from "../processes.ts";
import type { Column, SuiteResult } from "../report.ts";
import { buildVariants } from "../simd-builds.ts";
import { median } from "../statistics.ts";
import { microStep, type TrainResult } from "./settings.ts";
import { ratiosTo, trainProblems, trainRow } from "./summary.ts";

const baselines = simdBuilds.map((build) => `simd-${build}-1`);

const columns: readonly Column[] = [
  { key: "contestant", title: "contestant" },
  { key: "medianMs", title: "median ms", digits: 1 },
  { key: "bestMs", title: "best ms", digits: 1 },
  { key: "spread", title: "spread", digits: 2 },
  { key: "medianCpuMs", title: "cpu ms", digits: 1 },
  { key: "steps", title: "steps" },
  { key: "firstLoss", title: "first loss", digits: 3 },
  { key: "peakRssMiB", title: "peak MiB", digits: 0 },
  { key: "engineMiB", title: "engine MiB", digits: 0 },
];

export async function trainSuite(options: BenchOptions): Promise<SuiteResult> {
  const peers = await findPeers(options, { npm: ["tfjs"], python: { name: "torch", modules: ["torch"] } });
  const results = await runContestants<TrainResult>(
    trainContestants(await bundleWorker(new URL("simd-worker.ts", import.meta.url)), peers, options.threads),
    options.rounds,
    ({ times, losses }) => `${median(times).toFixed(0)} ms a step, first loss ${losses[0].toFixed(3)}`,
  );
  const versions = [...results.values()].flatMap(([first]) => Object.entries(first.versions ?? {}));
  return {
    settings: microStep,
    rows: [...results].map(([name, rounds]) => trainRow(name, rounds)),
    columns,
    ratios: {
      wall: ratiosTo(baselines, results, ({ times }) => times),
      cpu: ratiosTo(baselines, results, ({ cpuTimes }) => cpuTimes),
    },
    skipped: peers.skipped,
    problems: [...results].flatMap(([name, rounds]) => trainProblems(name, rounds, microStep.model.vocabSize)),
    versions: Object.fromEntries(versions),
  };
}

function trainContestants(
  simd: (settings: object) => Command,
  { npm, python }: FoundPeers,
  threadCounts: readonly number[],
): Contestant[] {
  const contestants: Contestant[] = buildVariants(simdBuilds, threadCounts).map(({ name, ...variant }) => ({
    name,
    command: simd({ ...microStep, ...variant }),
  }));
  if (npm.has("tfjs")) {
    contestants.push({ name: "tfjs-wasm", command: [process.execPath, peerFiles.tfjs, JSON.stringify(microStep)] });
  }
  if (python !== undefined) {
    for (const threads of threadCounts) {
      const settings = JSON.stringify({ ...microStep, threads });
      contestants.push({ name: `torch-${threads}`, command: [python, peerFiles.torch, settings] });
    }
  }
  return contestants;
}
