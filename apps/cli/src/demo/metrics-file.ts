// The run's metrics.jsonl read back: curves and closing figures come from what was recorded, so that a run that was stopped
// and went on tells the same as one in a piece.
import { promises as files } from "node:fs";
import { join } from "node:path";
import type { Point } from "../report/chart.ts";
import { thin } from "../report/plot.ts";

export type MetricsLine = { readonly stage?: string; readonly step: number } & Readonly<Record<string, unknown>>;

/** The lines of one stage, in order of steps. */
export async function readMetrics(folder: string, stage: string): Promise<MetricsLine[]> {
  const text = await files.readFile(join(folder, "metrics.jsonl"), "utf8");
  const lines = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as MetricsLine);
  return lines.filter((line) => line.stage === stage).sort((a, b) => a.step - b.step);
}

/** A value against steps, or against epochs; lines without it are left out. */
export function curveOf(lines: readonly MetricsLine[], name: string, stepsPerEpoch = 1): readonly Point[] {
  const points = lines.flatMap((line) => {
    const value = line[name];
    return typeof value === "number" ? [[line.step / stepsPerEpoch, value] as const] : [];
  });
  return thin(points);
}

/** Means of a value over every epoch: what a batch of a few images shows is mostly chance. */
export function epochMeans(lines: readonly MetricsLine[], name: string, stepsPerEpoch: number): readonly Point[] {
  const epochs = Math.ceil(lines.length / stepsPerEpoch);
  return Array.from({ length: epochs }, (_, epoch) => {
    const part = lines.slice(Math.round(epoch * stepsPerEpoch), Math.round((epoch + 1) * stepsPerEpoch));
    return [epoch + 1, closingMean(part, name, part.length)] as const;
  });
}

/** Mean of a value over the last `count` lines. */
export function closingMean(lines: readonly MetricsLine[], name: string, count: number): number {
  const last = lines.slice(-count);
  return last.reduce((sum, line) => sum + Number(line[name]), 0) / last.length;
}
