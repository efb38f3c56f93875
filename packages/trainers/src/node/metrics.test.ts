import { appendFile, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEventWriter } from "../logging/tensorboard.ts";
import type { LogEntry, Logger } from "../logging/logger.ts";
import { openEventFile } from "./event-file.ts";
import { openJsonLines } from "./json-lines.ts";
import { openMetrics } from "./metrics.ts";

let run: string;
const now = () => 1_800_000_000_250;
beforeEach(async () => void (run = await mkdtemp(join(tmpdir(), "beitjs-metrics-"))));
afterEach(() => rm(run, { recursive: true, force: true }));

async function record(steps: readonly number[], after: number, stage?: string): Promise<void> {
  const metrics = await openMetrics(run, { after, now, ...(stage !== undefined && { stage }) });
  for (const step of steps) await metrics.write(step, { loss: 1 / step });
  await metrics.close();
}

async function lines(): Promise<{ step: number; stage?: string; loss: number | null }[]> {
  const text = await readFile(join(run, "metrics.jsonl"), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as never);
}

async function eventBytes(): Promise<Buffer> {
  const names = (await readdir(run)).filter((name) => name.startsWith("events.out.tfevents."));
  expect(names).toHaveLength(1);
  return readFile(join(run, names[0]));
}

it("writes a line and an event record a step", async () => {
  await record([1, 2], 0);
  expect(await lines()).toEqual([
    { step: 1, time: 1_800_000_000.25, loss: 1 },
    { step: 2, time: 1_800_000_000.25, loss: 0.5 },
  ]);
  const events = createEventWriter();
  const seconds = now() / 1000;
  const expected = [
    events.fileVersion(seconds),
    events.scalars(1, seconds, { loss: 1 }),
    events.scalars(2, seconds, { loss: 0.5 }),
  ];
  expect(await eventBytes()).toEqual(Buffer.concat(expected));
});

it("drops what lies after the checkpoint, and half a line, in both files", async () => {
  await record([1, 2, 3, 4], 0);
  await appendFile(join(run, "metrics.jsonl"), '{"step":5,"time":18');
  await record([3, 4, 5], 2);
  expect((await lines()).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5]);
  const resumed = await eventBytes();
  await rm(run, { recursive: true });
  run = await mkdtemp(join(tmpdir(), "beitjs-metrics-"));
  await record([1, 2, 3, 4, 5], 0);
  expect(resumed).toEqual(await eventBytes());
});

it("drops only its own stage's lines", async () => {
  await record([1, 2], 0, "tokenizer");
  await record([1, 2], 0, "pretrain");
  await record([2], 1, "pretrain");
  expect((await lines()).map(({ stage, step }) => `${stage} ${step}`)).toEqual([
    "tokenizer 1",
    "tokenizer 2",
    "pretrain 1",
    "pretrain 2",
  ]);
  expect((await eventBytes()).includes("pretrain/loss")).toBe(true);
});

it("keeps values that are not finite", async () => {
  const metrics = await openMetrics(run, { after: 0, now });
  await metrics.write(1, { loss: NaN });
  await metrics.close();
  expect((await lines())[0].loss).toBeNull();
  await record([2], 1);
  const events = createEventWriter();
  expect((await eventBytes()).includes(Buffer.from(events.scalars(1, now() / 1000, { loss: NaN })))).toBe(true);
});

describe("a logger of the caller's own", () => {
  const remembering = () => {
    const told: (LogEntry | "closed")[] = [];
    const logger: Logger = { log: (entry) => void told.push(entry), close: () => void told.push("closed") };
    return { told, logger };
  };

  it("is told every step, and closed", async () => {
    const { told, logger } = remembering();
    const metrics = await openMetrics(run, { after: 0, now, stage: "pretrain", loggers: [logger] });
    await metrics.write(7, { loss: 0.5, "val/loss": Infinity });
    await metrics.close();
    const values = { loss: 0.5, "val/loss": Infinity };
    expect(told).toEqual([{ stage: "pretrain", step: 7, time: now() / 1000, values }, "closed"]);
  });

  it("that fails ends the step, and keeps nobody from being closed", async () => {
    const { told, logger } = remembering();
    const refuse = () => Promise.reject(new Error("no route"));
    const loggers = [{ log: refuse, close: refuse }, logger];
    const metrics = await openMetrics(run, { after: 0, now, loggers });
    await expect(metrics.write(1, { loss: 1 })).rejects.toThrow("no route");
    await expect(metrics.close()).rejects.toThrow("no route");
    expect(told).toEqual(["closed"]);
    expect(await lines()).toHaveLength(1);
  });
});

it("each of the two works by itself", async () => {
  const jsonLines = await openJsonLines(run, { after: 0 });
  await jsonLines.log({ step: 1, time: 5, values: { loss: NaN, accuracy: 1 } });
  await jsonLines.close();
  const { kept, close } = await openJsonLines(run, { after: 1 });
  await close();
  expect(kept).toEqual([{ step: 1, time: 5, values: { loss: NaN, accuracy: 1 } }]);
  const events = await openEventFile(run, { kept, now });
  await events.log({ step: 2, time: 6, values: { loss: 2 } });
  await events.close();
  const writer = createEventWriter();
  const expected = [
    writer.fileVersion(now() / 1000),
    writer.scalars(1, 5, { loss: NaN, accuracy: 1 }),
    writer.scalars(2, 6, { loss: 2 }),
  ];
  expect(await eventBytes()).toEqual(Buffer.concat(expected));
});
