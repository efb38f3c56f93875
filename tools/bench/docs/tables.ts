// The tables of the page, one function a part.
import type { SuiteName } from "../arguments.ts";
import type { Row } from "../report.ts";
import { column, table, write, type TableColumn } from "./markdown.ts";
import type { SavedReport, SavedRun } from "./results.ts";

export const notMeasured = "Not measured yet.";

/** What is told of a suite, for every engine it ran on. */
export function suitePart(suite: SuiteName, runs: readonly SavedRun[]): string {
  const parts = runs.flatMap(({ engine, reports }) => {
    const report = reports.get(suite);
    return report
      ? [[heading(engine, report), bodies[suite]?.(report) ?? "", notes(report)].filter(Boolean).join("\n\n")]
      : [];
  });
  return parts.length > 0 ? parts.join("\n\n") : notMeasured;
}

/** Machine and versions of everybody. */
export function machinePart(runs: readonly SavedRun[]): string {
  const reports = runs.flatMap(({ reports: all }) => [...all.values()]);
  if (reports.length === 0) return notMeasured;
  const machines = reports.map(
    ({ machine: m }) => `${m.cpu}, ${m.processors} processors, ${m.memoryGiB} GiB, ${m.platform}`,
  );
  const versions = new Map<string, Set<string>>();
  for (const [name, version] of reports.flatMap((report) => Object.entries(report.versions))) {
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  const list = [...versions].map(([name, all]) => `${name} ${[...all].join(" and ")}`);
  return [`- ${[...new Set(machines)].join("\n- ")}`, `- ${list.join(", ")}`].join("\n");
}

const bodies: Readonly<Partial<Record<SuiteName, (report: SavedReport) => string>>> = {
  tokenizer: networkTable,
  encoder: networkTable,
  sweep: sweepTable,
  folder: folderTable,
  masking: ({ rows }) =>
    table(
      [column("masks", "name"), column("contestant", "contestant"), column("masks a second", "masksPerSecond", 0)],
      rows,
    ),
  curves: ({ rows }) =>
    table(
      [
        column("contestant", "contestant"),
        column("first loss", "firstLoss", 4),
        column("mean of the last 30", "lastLoss", 4),
        {
          title: "differ in the first 20 steps by",
          cell: ({ earlyDifference: share }) => (typeof share === "number" ? share.toExponential(1) : write(share)),
        },
        column("at most", "largestDifference", 4),
        column("on average", "meanDifference", 4),
      ],
      rows,
    ),
  train: ({ rows }) =>
    table(
      [
        column("contestant", "contestant"),
        column("ms a step", "medianMs", 0),
        column("best", "bestMs", 0),
        column("peak MiB", "peakRssMiB", 0),
        column("engine MiB", "engineMiB", 0),
      ],
      rows,
    ),
};

function heading(engine: string, { date, rounds, machine }: SavedReport): string {
  return `${engine}, ${date.slice(0, 10)}, ${rounds} round${rounds === 1 ? "" : "s"}, load ${machine.load} at the start.`;
}

function notes({ skipped, problems }: SavedReport): string {
  const lines = [
    ...skipped.map(({ name, reason }) => `- without ${name}: ${reason}`),
    ...problems.map((problem) => `- not to be believed: ${problem}`),
  ];
  return lines.join("\n");
}

function networkTable({ rows, ratios }: SavedReport): string {
  const baselines = ["simd-base-1", "simd-relaxed-1", "simd-wide-1"].filter((name) => ratios.wall?.[name]);
  const times = (baseline: string): TableColumn => ({
    title: `times ${baseline}`,
    cell: ({ contestant }) => (contestant === baseline ? "1" : write(ratios.wall[baseline][String(contestant)], 2)),
  });
  const quartiles: TableColumn = {
    title: "quartiles",
    cell: ({ firstQuartileMs, thirdQuartileMs }) => `${write(firstQuartileMs, 0)} to ${write(thirdQuartileMs, 0)}`,
  };
  const columns = [
    column("contestant", "contestant"),
    column("ms", "medianMs", 0),
    quartiles,
    column("best", "bestMs", 0),
    ...baselines.map(times),
    column("load ms", "loadMs", 0),
    column("first call ms", "firstMs", 0),
    column("GF/s", "gflops", 0),
    column("of ceiling", "ofCeiling", 2),
    column("peak MiB", "peakRssMiB", 0),
    column("engine MiB", "engineMiB", 0),
  ];
  return table(columns, byTime(rows));
}

function sweepTable({ rows }: SavedReport): string {
  const columns = [
    column("network", "network"),
    column("contestant", "contestant"),
    column("batch", "batch", 0),
    column("size", "imageSize", 0),
    column("ms", "medianMs", 0),
    column("ms an image", "imageMs", 0),
    column("ms a megapixel", "megapixelMs", 0),
  ];
  return table(columns, rows);
}

function folderTable({ rows, ratios }: SavedReport): string {
  const columns = [
    column("contestant", "contestant"),
    column("images/s", "imagesPerSecond", 2),
    column("ms an image", "totalMs", 0),
    column("decode", "decodeMs", 1),
    column("resize", "resizeMs", 1),
    column("encode", "encodeMs", 0),
    column("wait", "waitMs", 1),
    column("hidden", "hidden", 2),
    column("same tokens", "sameTokens", 4),
    column("peak MiB", "peakRssMiB", 0),
  ];
  const lines = Object.entries(ratios.wall ?? {}).map(
    ([baseline, others]) =>
      `- times of ${baseline}: ${Object.entries(others)
        .map(([name, ratio]) => `${name} ${ratio}`)
        .join(", ")}`,
  );
  return `${table(columns, rows)}\n\n${lines.join("\n")}`;
}

function byTime(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((a, b) => Number(a.medianMs) - Number(b.medianMs));
}
