// A whole network, one image a call: our builds and every peer, each in a process of its own, in turns, after all have shown
// that they compute the same.
import type { BeitConfig } from "@beitjs/beit-encoder";
import type { DallEConfig } from "@beitjs/dvae-tokenizer";
import type { BenchOptions } from "../arguments.ts";
import { findPeers } from "../peers.ts";
import { runContestants } from "../processes.ts";
import type { Column, SuiteResult } from "../report.ts";
import { median } from "../statistics.ts";
import { checkAgreement } from "./agreement.ts";
import { inferenceContestants } from "./contestants.ts";
import { writeModel } from "./model-files.ts";
import { operationsOf } from "./operations.ts";
import { timing, type InferenceResult, type NetworkName } from "./settings.ts";
import { inferenceRow, ratiosToOurs } from "./summary.ts";

const columns: readonly Column[] = [
  { key: "contestant", title: "contestant" },
  { key: "medianMs", title: "median ms", digits: 0 },
  { key: "firstQuartileMs", title: "quartiles", digits: 0 },
  { key: "thirdQuartileMs", title: "ms", digits: 0 },
  { key: "bestMs", title: "best ms", digits: 0 },
  { key: "medianCpuMs", title: "cpu ms", digits: 0 },
  { key: "loadMs", title: "load ms", digits: 0 },
  { key: "firstMs", title: "first ms", digits: 0 },
  { key: "gflops", title: "best GF/s", digits: 1 },
  { key: "ofCeiling", title: "of ceiling", digits: 2 },
  { key: "peakRssMiB", title: "peak MiB", digits: 0 },
  { key: "engineMiB", title: "engine MiB", digits: 0 },
  { key: "difference", title: "difference", digits: 4 },
];

export async function inferenceSuite(
  network: NetworkName,
  config: DallEConfig | BeitConfig,
  options: BenchOptions,
): Promise<SuiteResult> {
  const peers = await findPeers(options, {
    npm: ["ort-web", "ort-node", "tfjs", "jax"],
    python: { name: "torch", modules: ["numpy", "torch"] },
  });
  const { folder, files } = await writeModel({ config, seed: 1 });
  const all = await inferenceContestants({ network, config, files }, peers, options);
  const { contestants, skipped, problems, differences } = await checkAgreement(network, all, folder);
  const settings = { ...timing, seconds: options.seconds ?? timing.seconds };
  const results = await runContestants<InferenceResult>(
    contestants.map(({ name, command }) => ({ name, command: command(settings) })),
    options.rounds,
    ({ firstMs, times }) => `${median(times).toFixed(0)} ms, first ${firstMs.toFixed(0)}`,
  );
  const threads = new Map(all.map((one) => [one.name, one.threads]));
  const operations = operationsOf(config);
  return {
    settings: { network, config, batch: 1, operations, ...settings },
    rows: [...results].map(([name, rounds]) =>
      inferenceRow(name, rounds, { operations, threads: threads.get(name) ?? 1, difference: differences[name] }),
    ),
    columns,
    ratios: {
      wall: ratiosToOurs(results, ({ times }) => times),
      cpu: ratiosToOurs(results, ({ cpuTimes }) => cpuTimes),
    },
    skipped: [...peers.skipped, ...skipped],
    problems: [...problems, ...fallbackProblems(results)],
    versions: Object.fromEntries([...results.values()].flatMap(([first]) => Object.entries(first.versions ?? {}))),
  };
}

function fallbackProblems(results: ReadonlyMap<string, readonly InferenceResult[]>): string[] {
  return [...results].flatMap(([name, rounds]) => {
    const missing = new Set(rounds.flatMap(({ fallbacks }) => fallbacks ?? []));
    return missing.size > 0
      ? [`${name}: expected kernels for all ops, ${[...missing].join(", ")} ran as references`]
      : [];
  });
}
