// What was aimed at, and how far it came: ratios of the reports beside the goals.
import type { SuiteName } from "../arguments.ts";
import type { Row } from "../report.ts";
import { column, table, type TableColumn } from "./markdown.ts";
import type { SavedRun } from "./results.ts";

/** Builds in the order of what they ask of an engine. */
const builds = ["base", "relaxed", "wide"] as const;
type Build = (typeof builds)[number];

type Goal = {
  readonly work: string;
  readonly suite: SuiteName;
  /** How many times faster than this peer; the build's name stands for `*`. */
  readonly peer: string;
  readonly goals: Readonly<Record<Build, number>>;
};

const goals: readonly Goal[] = [
  {
    work: "tokenizer, against onnxruntime-web",
    suite: "tokenizer",
    peer: "ort-web-1",
    goals: { base: 3.5, relaxed: 4.5, wide: 5.5 },
  },
  {
    work: "tokenizer, against onnxruntime-node",
    suite: "tokenizer",
    peer: "ort-node-1",
    goals: { base: 0.75, relaxed: 1, wide: 1.35 },
  },
  {
    work: "encoder, against onnxruntime-web",
    suite: "encoder",
    peer: "ort-web-1",
    goals: { base: 2, relaxed: 2, wide: 3 },
  },
  {
    work: "encoder, against onnxruntime-node",
    suite: "encoder",
    peer: "ort-node-1",
    goals: { base: 0.7, relaxed: 0.7, wide: 1 },
  },
  ...(["tokenizer", "encoder"] as const).map((suite) => ({
    work: `${suite}, 2 threads against 1`,
    suite,
    peer: "simd-*-2",
    goals: { base: 1.7, relaxed: 1.7, wide: 1.7 },
  })),
  {
    work: "training step, against PyTorch",
    suite: "train",
    peer: "torch-1",
    goals: { base: 0.3, relaxed: 0.5, wide: 0.7 },
  },
];

/** Times as fast as the peer, with the goal; the last engine that ran a build counts. */
export function goalsTable(runs: readonly SavedRun[]): string {
  const rows = [...goals.map((goal) => goalRow(goal, runs)), masksRow(runs)];
  const columns: TableColumn[] = [column("work", "work"), ...builds.map((build) => column(build, build))];
  return table(columns, rows);
}

function goalRow({ work, suite, peer, goals: wanted }: Goal, runs: readonly SavedRun[]): Row {
  const cells = builds.map((build) => {
    const found = runs.flatMap(({ engine, reports }) => {
      const ratio = reports.get(suite)?.ratios.wall?.[`simd-${build}-1`]?.[peer.replace("*", build)];
      // Of one of ours the shorter time is the better one.
      return ratio === undefined ? [] : [{ engine, ratio: peer.startsWith("simd-") ? 1 / ratio : ratio }];
    });
    const last = preferred(build, found);
    return [build, last ? `${last.ratio.toFixed(2)} (${wanted[build]}), ${last.engine}` : `- (${wanted[build]})`];
  });
  return { work, ...Object.fromEntries(cells) };
}

// The goals of the first two are for the oldest engine, that of the last for the newest.
function preferred<One>(build: Build, found: readonly One[]): One | undefined {
  return build === "wide" ? found.at(-1) : found[0];
}

function masksRow(runs: readonly SavedRun[]): Row {
  const ratio = runs
    .flatMap(({ reports }) => reports.get("masking") ?? [])
    .map(({ ratios }) => ratios["official Python's time a mask"]?.["wasm-bulk"]?.official)
    .find((one) => one !== undefined);
  const cell = ratio === undefined ? "- (100)" : `${ratio.toFixed(0)} (100)`;
  return { work: "blockwise masks, against the official Python", base: cell, relaxed: cell, wide: cell };
}
