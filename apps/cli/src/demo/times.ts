// Time at work per part of a demo, added up over calls: a demo that was stopped three times tells the sum.
import { promises as files } from "node:fs";
import { join } from "node:path";
import { writeResult } from "../run-folder.ts";

export const timedParts = ["data", "tokenizer", "pretrain", "fineTune", "report"] as const;
export type TimedPart = (typeof timedParts)[number];

export interface Times {
  /** Runs `body` and counts its time, also when it throws. */
  measure<Result>(part: TimedPart, body: () => Promise<Result>): Promise<Result>;
  /** Seconds so far, and their sum. */
  seconds(): Readonly<Record<TimedPart | "total", number>>;
}

/** Times of a run folder, kept in `times.json`. */
export async function openTimes(folder: string, now: () => number): Promise<Times> {
  const path = join(folder, "times.json");
  const spent = await readTimes(path);
  return {
    async measure(part, body) {
      const began = now();
      try {
        return await body();
      } finally {
        spent[part] += (now() - began) / 1000;
        await writeResult(path, `${JSON.stringify(spent)}\n`);
      }
    },
    seconds: () => ({ ...spent, total: timedParts.reduce((sum, part) => sum + spent[part], 0) }),
  };
}

async function readTimes(path: string): Promise<Record<TimedPart, number>> {
  const spent = { data: 0, tokenizer: 0, pretrain: 0, fineTune: 0, report: 0 };
  let known: Partial<Record<TimedPart, unknown>> | null = null;
  try {
    known = JSON.parse(await files.readFile(path, "utf8")) as typeof known;
  } catch {
    // none yet, or half a line of a killed process: counting starts anew
  }
  for (const part of timedParts) {
    const seconds = known?.[part];
    if (typeof seconds === "number" && seconds >= 0) spent[part] = seconds;
  }
  return spent;
}
