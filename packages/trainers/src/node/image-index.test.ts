// Which files are read again and which are not, and what becomes of indexes that are damaged, foreign or cannot be written.
import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readImageFacts } from "./image-facts.ts";
import { imageFolder } from "./image-folder.ts";
import { indexImages, type IndexOptions } from "./image-index.ts";

let root: string;
let folder: string;
let number = 0;
// When the pictures were written, in ms since 1970.
let written = 0;
const later = (): number => written + 60_000;
const index = () => join(folder, ".beit-index.jsonl");

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "beitjs-index-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => {
  folder = join(root, String(number++));
  for (const [at, name] of ["cat/1.png", "cat/2.png", "dog/é.png"].entries()) await picture(name, at);
  written = (await stat(join(folder, "dog", "é.png"))).ctimeMs;
});

async function picture(name: string, shade: number): Promise<void> {
  await mkdir(join(folder, name, ".."), { recursive: true });
  const data = Buffer.alloc(3 * 4 * 3, shade);
  const png = await sharp(data, { raw: { width: 3, height: 4, channels: 3 } })
    .png()
    .toBuffer();
  await writeFile(join(folder, name), png);
}

/** What is known, and the names of the files that were read for it. */
async function read(options: Partial<IndexOptions> = {}) {
  const images = await imageFolder(folder);
  const names: string[] = [];
  const readFacts: IndexOptions["readFacts"] = (path, decoding) => {
    names.push(path.toString().slice(folder.length + 1));
    return readImageFacts(path, decoding);
  };
  const result = await indexImages(images, { now: later, readFacts, ...options });
  return { ...result, names: names.sort(), images };
}

describe("an index", () => {
  it("tells size, hash and problem of every image, and the same the second time without reading", async () => {
    await writeFile(join(folder, "dog", "broken.png"), (await readFile(join(folder, "cat/1.png"))).subarray(0, 50));
    const first = await read();
    expect(first.names).toEqual(["cat/1.png", "cat/2.png", "dog/broken.png", "dog/é.png"]);
    const bytes = await readFile(join(folder, "cat", "1.png"));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(first.facts[0]).toMatchObject({ width: 3, height: 4, sha256, stamp: { size: bytes.length } });
    expect(first.facts[2]?.problem).toMatch(/ends before its IEND chunk/);
    expect(first).toMatchObject({ file: index(), read: 4, warnings: [] });
    const second = await read();
    expect(second).toMatchObject({ names: [], read: 0, file: index(), warnings: [] });
    expect(second.facts).toEqual(first.facts);
    expect((await readFile(index(), "utf8")).split("\n")[4]).toContain('["dog/é.png",');
  });

  it("reads again what was written, exchanged or renamed over, and nothing else", async () => {
    await read();
    await picture("cat/3.png", 9);
    expect((await read()).names).toEqual(["cat/3.png"]);
    const { atime, mtime } = await stat(join(folder, "cat", "1.png"));
    await picture("cat/1.png", 8);
    await utimes(join(folder, "cat", "1.png"), atime, mtime); // size and time as before
    expect((await read()).names).toEqual(["cat/1.png"]);
    for (const [from, to] of [
      ["cat", "x"],
      ["dog", "cat"],
      ["x", "dog"],
    ])
      await rename(join(folder, from), join(folder, to));
    await rename(join(folder, "cat", "é.png"), join(folder, "cat", "1.png"));
    expect((await read()).names).toContain("cat/1.png");
  });

  it("does not trust a file that was changed in the moment it was read", async () => {
    await read({ now: () => written });
    expect((await read()).names).toEqual(["cat/1.png", "cat/2.png", "dog/é.png"]);
    expect((await read()).names).toEqual([]);
  });

  it("is another for other options of decoding, beside the usual one", async () => {
    await read();
    expect((await read({ bits: 12 })).names).toHaveLength(3);
    expect((await read({ bits: 12 })).names).toEqual([]);
    expect((await read({ bits: 12, colorProfile: "apply" })).names).toHaveLength(3);
    expect((await read()).names).toEqual([]);
    expect((await readdir(folder)).filter((name) => name.startsWith(".beit-index"))).toHaveLength(3);
  });

  it("is not believed by a copy of the folder, as archives and downloads are", async () => {
    await read();
    const copy = join(root, "copy");
    await cp(folder, copy, { recursive: true, preserveTimestamps: true });
    folder = copy;
    expect((await read()).names).toHaveLength(3);
  });

  it("goes with a folder that is moved", async () => {
    await read();
    const moved = join(root, "moved");
    await rename(folder, moved);
    folder = moved;
    expect((await read()).names).toEqual([]);
  });

  it("keeps what was read before the signal came", async () => {
    const controller = new AbortController();
    const onProgress = (done: number) => done === 2 && controller.abort(new Error("enough"));
    const { signal } = controller;
    await expect(read({ signal, concurrency: 1, onProgress: (done) => void onProgress(done) })).rejects.toThrow(
      "enough",
    );
    expect((await read()).names).toEqual(["dog/é.png"]);
  });

  it("keeps what was read every few minutes, for when it is killed", async () => {
    let minutes = 1;
    const kept: number[] = [];
    await read({
      concurrency: 1,
      now: () => written + minutes * 60_000,
      async readFacts(path, decoding) {
        kept.push((await readFile(index(), "utf8").catch(() => "")).split("\n").length);
        minutes += 6;
        return readImageFacts(path, decoding);
      },
    });
    // Header, two images, footer, and what follows the last line.
    expect(kept).toEqual([1, 1, 5]);
  });

  it("does not keep what may pass: files that are not there or cannot be read", async () => {
    await rm(join(folder, "cat", "2.png"));
    const images = { ...(await imageFolder(folder)), length: 2, path: (at: number) => Buffer.from(missing[at]) };
    const missing = [join(folder, "cat/1.png"), join(folder, "cat/2.png")];
    const options = { now: later };
    const { facts } = await indexImages({ ...images, directory: folder }, options);
    expect(facts[1]).toEqual({ problem: expect.stringMatching(/does not exist/) as string });
    await picture("cat/2.png", 4);
    expect((await read()).names).toEqual(["cat/2.png", "dog/é.png"]);
  });
});

describe("reading", () => {
  it("of none tells what is known", async () => {
    expect((await read({ read: "none" })).facts).toEqual([undefined, undefined, undefined]);
    await read();
    await picture("cat/3.png", 5);
    const { facts, names } = await read({ read: "none" });
    expect(names).toEqual([]);
    expect(facts.map((known) => known?.width)).toEqual([3, 3, undefined, 3]);
  });

  it("of all finds files whose bytes changed without a trace", async () => {
    await read();
    const lines = (await readFile(index(), "latin1")).trimEnd().split("\n");
    lines[2] = lines[2].replace(/"[0-9a-f]{64}"/, `"${"0".repeat(64)}"`);
    await writeFile(index(), sealed(lines.slice(0, -1)));
    const { silent, names, warnings } = await read({ read: "all" });
    expect(names).toHaveLength(3);
    expect([silent, warnings]).toEqual([[1], []]);
    expect((await read({ read: "all" })).silent).toEqual([]);
  });

  it("tells how far it is", async () => {
    const told: (readonly [number, number])[] = [];
    await read({ concurrency: 1, onProgress: (done, total) => void told.push([done, total]) });
    expect(told).toEqual([0, 1, 2, 3].map((done) => [done, 3]));
    await read({ onProgress: (done, total) => void told.push([done, total]) });
    expect(told).toHaveLength(4);
  });
});

function sealed(lines: readonly string[]): Buffer {
  const body = lines.map((line) => `${line}\n`).join("");
  const sha256 = createHash("sha256").update(Buffer.from(body, "latin1")).digest("hex");
  return Buffer.from(`${body}${JSON.stringify({ files: lines.length - 1, sha256 })}\n`, "latin1");
}

describe("a file that is no good", () => {
  const forged = async (change: (line: string) => string): Promise<Buffer> => {
    const lines = (await readFile(index(), "latin1")).trimEnd().split("\n").slice(0, -1);
    return sealed([lines[0], change(lines[1]), ...lines.slice(2)]);
  };

  it.each<[string, () => Promise<Buffer | string>, RegExp]>([
    ["cut off", async () => (await readFile(index())).subarray(0, -20), /it is cut off/],
    ["empty", async () => "", /it is cut off/],
    ["other bytes", async () => (await readFile(index(), "latin1")).replace("cat/1", "cat/7"), /its hash is not that/],
    ["another format", async () => sealed(["{}"]), /it is no index of images/],
    ["null", async () => sealed(["null"]), /it is no index of images/],
    ["no JSON", () => forged(() => "[1, 2"), /line 2 is no image/],
    ["a name twice", () => forged((line) => line.replace("cat/1", "cat/2")), /line 3 is no image/],
    ["a size of text", () => forged((line) => line.replace(/",(\d+)/, '","$1"')), /line 2 is no image/],
    ["no size of an image", () => forged((line) => line.replace(",3,4,3,8]", ",-3,4,3,8]")), /line 2 is no image/],
    ["no depth of samples", () => forged((line) => line.replace(",3,8]", ",3,12]")), /line 2 is no image/],
    ["no hash", () => forged((line) => line.replace(/[0-9a-f]{64}/, "abc")), /line 2 is no image/],
    [
      "a reason for terminals",
      () => forged((line) => line.replace(",3,4,3,8]", ',"\\u001b[2J"]')),
      /line 2 is no image/,
    ],
    [
      "more images promised",
      async () => {
        const text = (await readFile(index(), "latin1")).replace(/\{"files":3/, '{"files":4');
        return Buffer.from(text, "latin1");
      },
      /images are missing/,
    ],
  ])("%s: is named and made anew", async (_, make, reason) => {
    await read();
    await writeFile(index(), await make(), "latin1");
    const { warnings, names } = await read();
    expect(warnings).toEqual([expect.stringMatching(reason)]);
    expect(warnings[0]).toContain(index());
    expect(names).toHaveLength(3);
    expect(await read()).toMatchObject({ warnings: [], names: [] });
  });

  it("of another decoder is left without a word", async () => {
    await read();
    const lines = (await readFile(index(), "latin1")).trimEnd().split("\n").slice(0, -1);
    await writeFile(index(), sealed([lines[0].replace("rules 2", "rules 0"), ...lines.slice(1)]));
    expect(await read()).toMatchObject({ warnings: [], read: 3 });
  });
});

describe("where an index cannot be written", () => {
  it("it is kept in the cache folder, found by the folder's place", async () => {
    await mkdir(index()); // a file cannot be renamed over a folder
    const cacheFolder = join(root, "cache", "images");
    const { file, warnings } = await read({ cacheFolder });
    expect(file).toMatch(/cache\/images\/[0-9a-f]{24}\.jsonl$/);
    expect(warnings).toEqual([expect.stringContaining("it is no file")]);
    expect((await read({ cacheFolder })).names).toEqual([]);
    expect(await readdir(folder)).toEqual([basename(index()), "cat", "dog"]);
  });

  it("nor in the cache, the images are read all the same", async () => {
    await mkdir(index());
    const cacheFolder = join(folder, "cat", "1.png");
    const { facts, warnings, file } = await read({ cacheFolder });
    expect(facts.map((known) => known?.width)).toEqual([3, 3, 3]);
    expect(file).toBeUndefined();
    expect(warnings.at(-1)).toMatch(/could not be kept, and is read again next time: .*index.*cat\/1\.png/);
  });

  it("what killed writers left is removed after an hour, not before", async () => {
    const left = `${index()}.host-1-0.partial`;
    await writeFile(left, "");
    await read({ now: later });
    expect(await readdir(folder)).toContain(basename(left));
    await picture("cat/3.png", 5);
    await read({ now: () => written + 3_700_000 });
    expect(await readdir(folder)).not.toContain(basename(left));
  });

  it("at once by several, every one of them leaves a whole one", async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => read()));
    expect(results.map(({ warnings }) => warnings)).toEqual(results.map(() => []));
    expect(await read()).toMatchObject({ warnings: [], names: [] });
    expect((await readdir(folder)).sort()).toEqual([basename(index()), "cat", "dog"]);
  });
});
