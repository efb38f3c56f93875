// JPEG files to visual tokens with all processors: our pipeline (sharp, our Lanczos, simd) against Pillow and onnxruntime in
// Python, the same weights.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { BenchOptions } from "../arguments.ts";
import { bundleWorker } from "../bundle.ts";
import { writeModel } from "../inference/model-files.ts";
import { findPeers, peerFiles } from "../peers.ts";
import { runContestants, runWorker, type Contestant } from "../processes.ts";
import type { Column, Row, SuiteResult } from "../report.ts";
import { simdVariants } from "../simd-builds.ts";
import { median, pairedRatio, rounded, spread } from "../statistics.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { tokenizerConfig } from "../tokenizer/suite.ts";
import { folderSettings, type FolderResult } from "./settings.ts";

const columns: readonly Column[] = [
  { key: "contestant", title: "contestant" },
  { key: "imagesPerSecond", title: "images/s", digits: 2 },
  { key: "totalMs", title: "ms an image", digits: 1 },
  { key: "decodeMs", title: "decode", digits: 1 },
  { key: "resizeMs", title: "resize", digits: 1 },
  { key: "encodeMs", title: "encode", digits: 1 },
  { key: "waitMs", title: "wait", digits: 1 },
  { key: "hidden", title: "hidden", digits: 2 },
  { key: "spread", title: "spread", digits: 2 },
  { key: "peakRssMiB", title: "peak MiB", digits: 0 },
  { key: "sameTokens", title: "same tokens", digits: 4 },
];

type Results = ReadonlyMap<string, readonly FolderResult[]>;

export async function folderSuite(options: BenchOptions): Promise<SuiteResult> {
  const modules = ["numpy", "onnxruntime", "PIL"];
  const peers = await findPeers(
    { ...options, peers: options.peers.includes("torch") ? ["torch"] : [] },
    { npm: [], python: { name: "torch", modules } },
  );
  const folder = temporaryFolder("images");
  const { files } = await writeModel({ config: tokenizerConfig, seed: 1, weightsOnly: peers.python === undefined });
  const names = await writeImages(folder);
  const request = { folder, names, size: tokenizerConfig.imageSize, batch: folderSettings.batch };
  // Not bundled: it starts threads from files of its own.
  const cli = new URL("../../../apps/cli/dist/", import.meta.url).href;
  const output = (name: string) => join(folder, `${name}.ids`);
  const worker = await bundleWorker(new URL("simd-worker.ts", import.meta.url), { external: ["sharp"] });
  const contestants: Contestant[] = simdVariants([availableParallelism()]).map(({ name, ...variant }) => ({
    name,
    command: worker({ ...request, ...variant, cli, weights: files.weights, output: output(name) }),
  }));
  if (peers.python !== undefined) {
    for (const [name, workers, threads] of pythonWays()) {
      const settings = { ...request, onnx: files.onnx, workers, threads, output: output(name) };
      contestants.push({ name, command: [peers.python, peerFiles.onnxFolder, JSON.stringify(settings)] });
    }
  }
  const results = await runContestants<FolderResult>(
    contestants,
    options.rounds,
    ({ totalMs }) => `${perSecond(totalMs)} images a second`,
  );
  const tokens = new Map(contestants.map(({ name }) => [name, readTokens(output(name))]));
  return {
    settings: folderSettings,
    rows: contestants.map(({ name }) => folderRow(name, results, tokens)),
    columns,
    ratios: { wall: ratios(results) },
    skipped: peers.skipped.map(({ reason }) => ({ name: "Pillow and onnxruntime", reason })),
    problems: contestants.flatMap(({ name }) => tokenProblem(name, tokens)),
    versions: Object.fromEntries([...results.values()].flatMap(([first]) => Object.entries(first.versions ?? {}))),
  };
}

// All processors in one session, or a process for each.
function pythonWays(): readonly (readonly [name: string, workers: number, threads: number])[] {
  const processors = availableParallelism();
  return [
    [`python-1x${processors}`, 1, processors],
    [`python-${processors}x1`, processors, 1],
  ];
}

async function writeImages(folder: string): Promise<string[]> {
  const worker = await bundleWorker(new URL("write-images.ts", import.meta.url), { external: ["sharp"] });
  process.stderr.write(`writing ${folderSettings.images} images\n`);
  return runWorker<string[]>(worker({ ...folderSettings, folder }));
}

/** Times are those of an image. `hidden`: the share of decoding and resizing that nobody waits for. */
function folderRow(contestant: string, results: Results, tokens: ReadonlyMap<string, Int32Array>): Row {
  const rounds = results.get(contestant) ?? [];
  const total = median(rounds.map(({ totalMs }) => totalMs));
  const stage = (name: keyof NonNullable<FolderResult["stages"]>): number | null => {
    const times = rounds.flatMap(({ stages }) => stages?.[name] ?? []);
    return times.length > 0 ? rounded(median(times) / folderSettings.images) : null;
  };
  const waits = rounds.flatMap(({ waitMs }) => waitMs ?? []);
  const hidden = rounds.flatMap(({ waitMs, stages }) =>
    waitMs !== undefined && stages ? 1 - waitMs / (stages.decodeMs + stages.resizeMs) : [],
  );
  return {
    contestant,
    imagesPerSecond: perSecond(total),
    totalMs: rounded(total / folderSettings.images),
    cpuMs: rounded(median(rounds.map(({ cpuMs }) => cpuMs)) / folderSettings.images),
    decodeMs: stage("decodeMs"),
    resizeMs: stage("resizeMs"),
    encodeMs: stage("encodeMs"),
    waitMs: waits.length > 0 ? rounded(median(waits) / folderSettings.images) : null,
    hidden: hidden.length > 0 ? rounded(median(hidden), 2) : null,
    spread: spread(rounds.map(({ totalMs }) => totalMs)),
    peakRssMiB: rounded(Math.max(...rounds.map(({ peakRssBytes }) => peakRssBytes)) / 2 ** 20),
    sameTokens: sameTokens(contestant, tokens),
  };
}

function ratios(results: Results): Record<string, Record<string, number>> {
  const times = new Map([...results].map(([name, rounds]) => [name, rounds.map(({ totalMs }) => totalMs)]));
  const ours = [...times].filter(([name]) => name.startsWith("simd-"));
  return Object.fromEntries(
    ours.map(([baseline, own]) => {
      const others = [...times].filter(([name]) => name !== baseline);
      return [baseline, Object.fromEntries(others.map(([name, all]) => [name, rounded(pairedRatio(all, own), 3)]))];
    }),
  );
}

// Python decodes with another library, which rounds a few bytes otherwise: nearly all tokens must be the same.
function sameTokens(contestant: string, tokens: ReadonlyMap<string, Int32Array>): number {
  const [[, expected]] = tokens;
  const ids = tokens.get(contestant) ?? new Int32Array();
  return rounded(ids.filter((id, i) => id === expected[i]).length / expected.length);
}

function tokenProblem(contestant: string, tokens: ReadonlyMap<string, Int32Array>): string[] {
  const share = sameTokens(contestant, tokens);
  const least = contestant.startsWith("simd-") ? 1 : 0.97;
  return share >= least ? [] : [`${contestant}: expected ${least} of the tokens to be ours, got ${share}`];
}

function readTokens(path: string): Int32Array {
  return new Int32Array(new Uint8Array(readFileSync(path)).buffer);
}

function perSecond(milliseconds: number): number {
  return rounded((folderSettings.images * 1000) / milliseconds, 3);
}
