import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { evalView, tokenEvalView } from "@beitjs/trainers";
import { readImage, readImageFacts } from "@beitjs/trainers/node";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Context } from "../program/command.ts";
import { imageBatches } from "./batches.ts";
import { openImageSources } from "./sources.ts";
import { createInterrupt } from "../program/interrupt.ts";
import { openViewPool } from "./view-pool.ts";

const view = tokenEvalView(3, 16);
// A thread has no transpiler of its own, and finds the packages as they were built.
const execArgv = ["--import", "jiti/register"];
const count = 6;
let folder: string;
let paths: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "beit-batches-"));
  paths = Array.from({ length: count }, (_, i) => join(folder, `${i}.png`));
  for (const [i, path] of paths.entries()) {
    await sharp({ create: { width: 20 + i, height: 31, channels: 3, background: { r: 40 * i, g: 9, b: 200 } } })
      .png()
      .toFile(path);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

type Signals = { on(name: string, listener: () => void): unknown };
const warnings: string[] = [];
function contextOf(signals?: Signals): Context {
  const nothing = () => {};
  const progress = () => ({ update: nothing, stop: nothing });
  const terminal = { info: nothing, event: nothing, progress, warn: (text: string) => void warnings.push(text) };
  const host = { signals: signals ?? { on: nothing, off: nothing }, exit: nothing, elapsed: () => performance.now() };
  return { terminal, interrupt: createInterrupt(host as never, nothing) } as unknown as Context;
}

async function viewsOf(files: readonly string[]): Promise<Float32Array[]> {
  return Promise.all(files.map(async (path) => evalView(await readImage(path), view)));
}

describe("imageBatches", () => {
  it("gives every image once, in order, as reading them one by one does", async () => {
    const context = contextOf();
    const sources = await openImageSources(paths, { skipBad: false }, context);
    const batches = [];
    const options = { view, batch: 4, label: "reading", threads: 3 };
    for await (const batch of imageBatches(sources, options, context)) batches.push(batch);
    expect(batches.map(({ names }) => names)).toEqual([paths.slice(0, 4), paths.slice(4)]);
    expect(batches.flatMap(({ indices }) => indices)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(batches.flatMap(({ views }) => views)).toEqual(await viewsOf(paths));
  });

  it("leaves a bad image in the middle out on request, and else names it", async () => {
    const bad = join(folder, "bad.txt");
    writeFileSync(bad, "no image");
    const mixed = [paths[0], bad, paths[1]];
    const context = contextOf();
    const options = { view, batch: 2, label: "reading", threads: 2 };
    const sources = await openImageSources(mixed, { skipBad: true }, context);
    const batches = [];
    for await (const batch of imageBatches(sources, options, context)) batches.push(batch);
    expect(batches.map(({ names, indices }) => ({ names, indices }))).toEqual([
      { names: [paths[0], paths[1]], indices: [0, 2] },
    ]);
    expect(warnings).toEqual([expect.stringContaining("bad.txt")]);
    const strict = await openImageSources(mixed, { skipBad: false }, context);
    await expect(imageBatches(strict, options, context).next()).rejects.toThrow(/bad\.txt/);
  });

  it("stops at a signal between batches", async () => {
    const listeners: (() => void)[] = [];
    const context = contextOf({ on: (_, listener) => listeners.push(listener), off: () => {} } as Signals);
    const sources = await openImageSources(paths, { skipBad: false }, context);
    const batches = imageBatches(sources, { view, batch: 2, label: "reading", threads: 1 }, context);
    await batches.next();
    listeners[0]();
    await expect(batches.next()).rejects.toThrow();
  });
});

describe("openViewPool", () => {
  it("gives the views of readImage from its threads, its errors, and what is known of files", async () => {
    const pool = openViewPool({ atATime: 5, execArgv });
    const views = await Promise.all(paths.map((path) => pool.view({ path, view, decoding: {} })));
    expect(views).toEqual(await viewsOf(paths));
    const missing = join(folder, "missing.png");
    const expected = await readImage(missing).catch((error: unknown) => error);
    const deep = join(folder, "deep.png");
    await sharp(Uint16Array.of(4095), { raw: { width: 1, height: 1, channels: 1 } })
      .toColourspace("grey16")
      .toFile(deep);
    const white = (await pool.view({ path: deep, view, decoding: { bits: 12 } }))[0];
    const black = (await pool.view({ path: deep, view, decoding: { bits: 16 } }))[0];
    expect(white).toBeGreaterThan(black);
    await expect(pool.view({ path: deep, view, decoding: {} })).rejects.toThrow("go up to 4095 only");
    await expect(pool.view({ path: missing, view, decoding: {} })).rejects.toMatchObject({
      path: missing,
      ...(expected as object),
    });
    const files = [...paths, deep, missing];
    const known = await Promise.all(files.map((path) => pool.facts({ path: Buffer.from(path), decoding: {} })));
    expect(known).toEqual(await Promise.all(files.map((path) => readImageFacts(path))));
    expect(known.map(({ problem }) => problem !== undefined)).toEqual([...paths.map(() => false), true, true]);
    await pool.dispose();
  });

  it("rejects what was not ready when it is disposed", async () => {
    const pool = openViewPool({ atATime: 1, execArgv });
    const pending = expect(pool.view({ path: paths[0], view, decoding: {} })).rejects.toThrow(/[Tt]erminat/);
    await pool.dispose();
    await pending;
  });

  it("rejects with the reason why a thread cannot start, and ends all the same", async () => {
    const broken = ["--import", "data:text/javascript,throw new Error('no such flag')"];
    const pool = openViewPool({ atATime: 8, execArgv: broken });
    const views = await Promise.allSettled(paths.map((path) => pool.view({ path, view, decoding: {} })));
    for (const outcome of views) expect(outcome).toMatchObject({ reason: { message: "no such flag" } });
    await pool.dispose();
  });
});
