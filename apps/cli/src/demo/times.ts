// Time at work per part of a demo, added up over calls: a demo that was stopped three times tells the sum, and one that was
// done and is only shown again tells the time it took.
import { promises as files } from "node:fs";
import { join } from "node:path";
import { writeResult } from "../runs/folder.ts";
import type { DemoSummary } from "./summary.ts";

export interface Times {
  /** Runs `body` and counts its time under `name`, also when it throws; not again once it has come to its end. */
  measure<Result>(name: string, body: () => Promise<Result>): Promise<Result>;
  /** Seconds so far: of the parts, of all fine-tunings together, and of everything. */
  seconds(): DemoSummary["seconds"];
}

type Entry = { readonly seconds: number; readonly finished: boolean };

/** Times of a run folder, kept in `times.json`. */
export async function openTimes(folder: string, elapsed: () => number): Promise<Times> {
  const path = join(folder, "times.json");
  const entries = await readTimes(path);
  const keep = async (name: string, entry: Entry): Promise<void> => {
    entries.set(name, entry);
    await writeResult(path, `${JSON.stringify(Object.fromEntries(entries))}\n`);
  };
  return {
    async measure(name, body) {
      const known = entries.get(name);
      if (known?.finished) return body();
      const began = elapsed();
      const spent = () => (known?.seconds ?? 0) + (elapsed() - began) / 1000;
      try {
        const result = await body();
        await keep(name, { seconds: spent(), finished: true });
        return result;
      } catch (error) {
        await keep(name, { seconds: spent(), finished: false });
        throw error;
      }
    },
    seconds() {
      const sum = (of: (name: string) => boolean) =>
        [...entries].reduce((total, [name, { seconds }]) => (of(name) ? total + seconds : total), 0);
      const part = (wanted: string) => sum((name) => name === wanted);
      return {
        data: part("data"),
        tokenizer: part("tokenizer"),
        pretrain: part("pretrain"),
        fineTune: sum((name) => name.startsWith("fine-tune")),
        report: part("yardsticks") + part("report"),
        total: sum(() => true),
      };
    },
  };
}

async function readTimes(path: string): Promise<Map<string, Entry>> {
  try {
    const known = JSON.parse(await files.readFile(path, "utf8")) as Record<string, Partial<Entry> | null>;
    const valid = Object.entries(known).filter(([, entry]) => Number.isFinite(entry?.seconds));
    return new Map(
      valid.map(([name, entry]) => [name, { seconds: Number(entry?.seconds), finished: entry?.finished === true }]),
    );
  } catch {
    return new Map(); // none yet, or half a file of a killed process: counting starts anew
  }
}
