// A file of metrics as it grows, is damaged, and is written anew.
import { appendFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { makeFolder } from "../../testing/run-cli.ts";
import { createMetricsTail } from "./metrics-tail.ts";

let folder: Awaited<ReturnType<typeof makeFolder>>;
let path: string;
beforeAll(async () => void (folder = await makeFolder()));
beforeEach(() => rm((path = join(folder.path, "metrics.jsonl")), { force: true }));
afterAll(() => folder.remove());

const line = (step: number, more = "") => `{"step":${step},"time":${step},"loss":1${more}}\n`;
const steps = (tail: ReturnType<typeof createMetricsTail>) => tail.lines().map(({ step }) => step);

it("reads what was added, line by line, and says whether there was anything", async () => {
  const tail = createMetricsTail(path);
  expect(await tail.read()).toBe(false);
  await writeFile(path, line(1) + line(2));
  expect(await tail.read()).toBe(true);
  expect(await tail.read()).toBe(false);
  await appendFile(path, line(3).slice(0, 8));
  expect(await tail.read()).toBe(true);
  expect([steps(tail), tail.endsInMidLine()]).toEqual([[1, 2], true]);
  await appendFile(path, line(3).slice(8));
  await tail.read();
  expect([steps(tail), tail.endsInMidLine()]).toEqual([[1, 2, 3], false]);
  expect(tail.problems()).toEqual([]);
});

it("reads all again when a run that goes on has written the file anew, or it is gone", async () => {
  const tail = createMetricsTail(path);
  await writeFile(path, line(1) + line(2) + line(3));
  await tail.read();
  await writeFile(`${path}.new`, line(1) + line(2, ',"accuracy":0.5') + line(3) + line(4));
  await rename(`${path}.new`, path);
  expect(await tail.read()).toBe(true);
  expect(steps(tail)).toEqual([1, 2, 3, 4]);
  expect(tail.lines()[1].values).toEqual({ loss: 1, accuracy: 0.5 });
  await writeFile(path, line(1));
  await tail.read();
  expect(steps(tail)).toEqual([1]);
  await rm(path);
  expect([await tail.read(), steps(tail)]).toEqual([true, []]);
});

it("names damaged lines and keeps the others", async () => {
  const damaged = ["\u0000\u0000", "[1]", '{"loss":1}', '{"step":-1}', '{"step":"7"}', "null"];
  await writeFile(path, `${line(1)}${damaged.join("\n")}\n\n${line(2, ',"name":"x","none":null')}`);
  const tail = createMetricsTail(path);
  await tail.read();
  expect(steps(tail)).toEqual([1, 2]);
  expect(tail.lines()[1].values).toEqual({ loss: 1, none: null });
  expect(tail.problems()).toEqual([
    "line 2: not JSON",
    "line 3: expected an object",
    ...[4, 5, 6].map((number) => `line ${number}: expected a step`),
    "line 7: expected an object",
  ]);
});

it("does not split a letter of several bytes that was half written", async () => {
  const bytes = Buffer.from(`{"stage":"größe","step":1}\n`);
  const tail = createMetricsTail(path);
  const half = bytes.indexOf(0xc3) + 1;
  await writeFile(path, bytes.subarray(0, half));
  await tail.read();
  await appendFile(path, bytes.subarray(half));
  await tail.read();
  expect(tail.lines()[0].stage).toBe("größe");
});
