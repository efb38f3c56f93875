// A run's metrics.jsonl as it grows: what was added since the last look is read, and all of it again where a run that went on
// has written the file anew. A line that is damaged is named and passed over.
import { promises as files } from "node:fs";
import { hasCode } from "./file-errors.ts";

export type MetricsLine = {
  /** Mark of the part of a run that has several in one file. */
  readonly stage?: string;
  readonly step: number;
  /** Seconds since 1970. */
  readonly time?: number;
  /** By name; null where a value was not finite. */
  readonly values: Readonly<Record<string, number | null>>;
};

export interface MetricsTail {
  /** Reads what was added. @returns whether anything changed */
  read(): Promise<boolean>;
  /** In the order of the file. */
  lines(): readonly MetricsLine[];
  /** Damaged lines, each in words. */
  problems(): readonly string[];
  /** The file ends in the middle of a line, as it may while it is written. */
  endsInMidLine(): boolean;
}

const CHUNK = 1 << 20;
const NEWLINE = 0x0a;

/** Reads nothing yet; a file that is not there is an empty one. */
export function createMetricsTail(path: string): MetricsTail {
  let lines: MetricsLine[] = [];
  let problems: string[] = [];
  let rest = Buffer.alloc(0);
  let [offset, identity, count] = [0, "", 0];
  const restart = (): void => {
    [lines, problems, rest, offset, count] = [[], [], Buffer.alloc(0), 0, 0];
  };
  const take = (bytes: Buffer): void => {
    const all = Buffer.concat([rest, bytes]);
    const end = all.lastIndexOf(NEWLINE) + 1;
    rest = all.subarray(end);
    for (const text of all.toString("utf8", 0, end).split("\n").slice(0, -1)) {
      count++;
      if (text.trim() === "") continue;
      const line = parseLine(text);
      if (typeof line === "string") problems.push(`line ${count}: ${line}`);
      else lines.push(line);
    }
  };
  return {
    async read() {
      const file = await openIfThere(path);
      if (!file) {
        const changed = identity !== "";
        identity = "";
        restart();
        return changed;
      }
      try {
        const { dev, ino, size } = await file.stat();
        const same = identity === `${dev}:${ino}` && size >= offset;
        if (same && size === offset) return false;
        if (!same) restart();
        identity = `${dev}:${ino}`;
        while (offset < size) {
          const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(CHUNK, size - offset)), { position: offset });
          if (bytesRead === 0) break;
          offset += bytesRead;
          take(buffer.subarray(0, bytesRead));
        }
        return true;
      } finally {
        await file.close();
      }
    },
    lines: () => lines,
    problems: () => problems,
    endsInMidLine: () => rest.length > 0,
  };
}

/** A line's values, or what is wrong with it. */
function parseLine(text: string): MetricsLine | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "expected an object";
  const { stage, step, time, ...others } = value as Readonly<Record<string, unknown>>;
  if (typeof step !== "number" || !Number.isSafeInteger(step) || step < 0) return "expected a step";
  const numbers = Object.entries(others).filter(
    (entry): entry is [string, number | null] => typeof entry[1] === "number" || entry[1] === null,
  );
  return {
    ...(typeof stage === "string" && { stage }),
    step,
    ...(typeof time === "number" && { time }),
    values: Object.fromEntries(numbers),
  };
}

async function openIfThere(path: string): Promise<files.FileHandle | undefined> {
  try {
    return await files.open(path, "r");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
