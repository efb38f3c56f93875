import { execFileSync } from "node:child_process";
import { promises as files } from "node:fs";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { requireLabels, type Dataset } from "../data/index.ts";
import { imageFolder, requireReadable, verifyDataset, type ImageProblem } from "./index.ts";

let image: Buffer;
beforeAll(async () => {
  image = await sharp({ create: { width: 5, height: 4, channels: 3, background: "red" } })
    .png()
    .toBuffer();
});

const made: string[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true });
});

// A temporary folder with the given files; names without content hold the image.
async function tree(...entries: (string | [string, string])[]): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "beit-folder-"));
  made.push(root);
  for (const entry of entries) {
    const [name, content] = typeof entry === "string" ? [entry, image] : entry;
    await mkdir(dirname(join(root, name)), { recursive: true });
    if (name.endsWith("/")) await mkdir(join(root, name));
    else await writeFile(join(root, name), content);
  }
  return root;
}

const names = (dataset: Dataset) => Array.from({ length: dataset.length }, (_, index) => dataset.name(index));
const labels = (dataset: Dataset) => Array.from({ length: dataset.length }, (_, index) => dataset.label(index));

async function problems(dataset: Dataset): Promise<ImageProblem[]> {
  const found: ImageProblem[] = [];
  for await (const problem of verifyDataset(dataset)) found.push(problem);
  return found;
}

describe("imageFolder", () => {
  it("makes a class of each sub-folder, sorted by bytes, images below included", async () => {
    const root = await tree("b/2.png", "b/10.png", "a/deep/er/x.jpg", "B/1.PNG", "é/1.jpeg", "a-b/1.webp");
    const dataset = await imageFolder(root);
    expect(dataset.classes).toEqual(["B", "a", "a-b", "b", "é"]);
    expect(names(dataset)).toEqual(["B/1.PNG", "a-b/1.webp", "a/deep/er/x.jpg", "b/10.png", "b/2.png", "é/1.jpeg"]);
    expect(labels(dataset)).toEqual([0, 2, 1, 3, 3, 4]);
    const { image: read, label, name } = await dataset.get(2);
    expect([read.width, read.height, read.channels, label, name]).toEqual([5, 4, 3, 1, "a/deep/er/x.jpg"]);
    expect(await imageFolder(root, { channels: 1 }).then((gray) => gray.get(0))).toMatchObject({
      image: { channels: 1 },
    });
    await expect(dataset.get(6)).rejects.toThrow("an index from 0 to 5, got 6");
  });

  it("takes flat and mixed folders without labels", async () => {
    const flat = await imageFolder(await tree("2.png", "1.png"));
    expect([names(flat), flat.classes, labels(flat)]).toEqual([["1.png", "2.png"], undefined, [undefined, undefined]]);
    expect("label" in (await flat.get(0))).toBe(false);
    const mixed = await imageFolder(await tree("1.png", "a/2.png", "empty/"));
    expect([names(mixed), mixed.classes]).toEqual([["1.png", "a/2.png"], undefined]);
    expect(() => requireLabels(mixed)).toThrow("without labels");
  });

  it("has one class where that is all, which labelled training refuses", async () => {
    const dataset = await imageFolder(await tree("photos/1.png"));
    expect(dataset.classes).toEqual(["photos"]);
    expect(() => requireLabels(dataset)).toThrow("at least 2 classes, got 1: photos");
  });

  it("skips litter and counts what is no image by its name", async () => {
    const root = await tree(
      "a/1.png",
      "a/.DS_Store",
      "a/Thumbs.db",
      "a/._1.png",
      ["a/notes.txt", "text"],
      ["a/data.json", "{}"],
      ["a/LICENSE", "text"],
      ".git/x.png",
      "__MACOSX/a.png",
    );
    const dataset = await imageFolder(root);
    expect(names(dataset)).toEqual(["a/1.png"]);
    expect(dataset.classes).toEqual(["a"]);
    expect(dataset.leftOut).toMatchObject({ files: 3, folders: [] });
    const reasons = dataset.leftOut.firstFiles.map(({ path, reason }) => `${path}: ${reason}`).sort();
    const byName = "no image by its name";
    expect(reasons).toEqual(["a/LICENSE: text", `a/data.json: ${byName}`, `a/notes.txt: ${byName}`]);
  });

  it("takes images by their first bytes where the name does not say, and names the first that are none", async () => {
    const odd = ["1.jpg", "2.jpe", "3.JPEG", "4.mpo", "5.apng", "noext", "6.image", "7"];
    const dataset = await imageFolder(await tree(...odd.map((name) => `a/${name}`)));
    expect([dataset.length, dataset.leftOut.files]).toEqual([8, 0]);
    expect(await problems(dataset)).toEqual([]);
    const other = Array.from({ length: 14 }, (_, i) => [`a/${i}.dat`, `${i}`] as [string, string]);
    const { leftOut } = await imageFolder(await tree("a/1.png", ...other, ["a/x", "BM is no bitmap by itself"]));
    expect([leftOut.files, leftOut.firstFiles.length, leftOut.firstFiles[0].reason]).toEqual([15, 10, "text"]);
  });

  it("names images beside class folders, which are no classes then", async () => {
    const dataset = await imageFolder(await tree("cat/1.png", "dog/1.png", "sample.png"));
    const why = "sample.png lies beside the folders cat, dog, which are no classes therefore";
    expect([dataset.length, dataset.classes, dataset.unlabeled]).toEqual([3, undefined, why]);
    expect(() => requireLabels(dataset)).toThrow(`got one without labels: ${why}`);
    const many = await imageFolder(await tree(...["1", "2", "3", "4", "5", "a/6"].map((name) => `${name}.png`)));
    expect(() => requireLabels(many)).toThrow("1.png, 2.png, 3.png and 2 more lie beside the folders a,");
  });

  it("sets folders aside that cannot be listed or belong to the file system, by name", async () => {
    const root = await tree("a/1.png", "b/2.png", "b/deep/3.png", "lost+found/");
    const original = files.opendir.bind(files);
    const failing = vi.spyOn(files, "opendir").mockImplementation(async (path, options) => {
      if ((path as Buffer).toString().endsWith("/deep")) throw Object.assign(new Error("denied"), { code: "EACCES" });
      return original(path as never, options);
    });
    const dataset = await imageFolder(root);
    failing.mockRestore();
    expect([names(dataset), dataset.classes]).toEqual([
      ["a/1.png", "b/2.png"],
      ["a", "b"],
    ]);
    expect(dataset.leftOut.folders).toEqual([
      { path: "lost+found", reason: "belongs to the file system" },
      { path: "b/deep", reason: "may not be read (no permission)" },
    ]);
  });

  it("makes no class of a folder that vanishes, and stops where too many files are open", async () => {
    const root = await tree("a/1.png", "b/2.png");
    const original = files.opendir.bind(files);
    const failing = (code: string) =>
      vi.spyOn(files, "opendir").mockImplementation(async (path, options) => {
        if ((path as Buffer).toString().endsWith("/b")) throw Object.assign(new Error(code), { code });
        return original(path as never, options);
      });
    let spy = failing("ENOENT");
    const dataset = await imageFolder(root);
    spy.mockRestore();
    expect(dataset.classes).toEqual(["a"]);
    expect(dataset.leftOut.folders.map(({ path }) => path)).toEqual(["b"]);
    spy = failing("EMFILE");
    await expect(imageFolder(root)).rejects.toThrow("EMFILE");
    spy.mockRestore();
  });

  it("keeps unicode, newlines and leading dashes, and both spellings of é", async () => {
    const odd = ["-x.png", "new\nline.png", "cafe\u0301.png", "caf\u00e9.png", "猫😀.png"];
    const dataset = await imageFolder(await tree(...odd.map((name) => `-a/${name}`)));
    expect(new Set(names(dataset))).toEqual(new Set(odd.map((name) => `-a/${name}`)));
    expect(await problems(dataset)).toEqual([]);
    const again = await imageFolder(dataset.directory);
    expect(names(again)).toEqual(names(dataset));
  });

  it("reads names that are no UTF-8", async () => {
    const root = await tree("a/1.png");
    await writeFile(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.of(0xff, 0xe9), Buffer.from(".png")]), image);
    await writeFile(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.of(0xfe, 0xe9), Buffer.from(".png")]), image);
    const dataset = await imageFolder(root);
    expect(names(dataset)).toEqual(["a/1.png", "a/\\xfe\\xe9.png", "a/\\xff\\xe9.png"]);
    expect(await problems(dataset)).toEqual([]);
  });

  it("follows links to folders, but not in circles", async () => {
    const root = await tree("a/1.png", "b/2.png");
    const outside = await tree("x/3.png", "4.png");
    await symlink(root, join(root, "a", "up"));
    await symlink("../b", join(root, "a", "sideways"));
    await symlink(".", join(root, "b", "self"));
    await symlink(outside, join(root, "c"));
    await symlink(join(root, "a"), join(outside, "x", "back"));
    const dataset = await imageFolder(root);
    expect(names(dataset)).toEqual(["a/1.png", "b/2.png", "c/4.png", "c/x/3.png"]);
    expect(dataset.classes).toEqual(["a", "b", "c"]);
  });

  it("refuses what holds no images", async () => {
    await expect(imageFolder(await tree())).rejects.toThrow("got none among 0 files and 0 folders");
    await expect(imageFolder(await tree(["a/readme.md", "text"]))).rejects.toThrow(
      "got none among 1 files and 1 folders",
    );
    const root = await tree("1.png");
    await expect(imageFolder(join(root, "1.png"))).rejects.toThrow(`expected a folder, got the file ${root}`);
    await expect(imageFolder(join(root, "gone"))).rejects.toThrow("does not exist");
  });

  it("names empty classes, unless they are allowed", async () => {
    const root = await tree("a/1.png", "b/", ["c/readme.md", "text"]);
    await expect(imageFolder(root)).rejects.toThrow(`in every class folder of ${root}, got none in "b", "c"`);
    const dataset = await imageFolder(root, { allowEmptyClasses: true });
    expect([dataset.classes, labels(dataset)]).toEqual([["a", "b", "c"], [0]]);
    const many = await tree("a/1.png", ...Array.from({ length: 14 }, (_, i) => `z${10 + i}/`));
    await expect(imageFolder(many)).rejects.toThrow('"z19" and 4 more');
  });

  it("reports a folder that cannot be read", async () => {
    const root = await tree("a/1.png", "b/2.png");
    const denied = Object.assign(new Error("EACCES: permission denied, opendir"), { code: "EACCES" });
    const spy = vi.spyOn(files, "opendir").mockRejectedValueOnce(denied);
    await expect(imageFolder(root)).rejects.toThrow("EACCES");
    spy.mockRestore();
  });

  it("stops listing when told to", async () => {
    const root = await tree("a/1.png");
    await expect(imageFolder(root, { signal: AbortSignal.abort(new Error("stopped")) })).rejects.toThrow("stopped");
  });

  it("never holds more files open than it may", async () => {
    const dataset = await imageFolder(await tree(...Array.from({ length: 60 }, (_, i) => `a/${i}.png`)), {
      concurrency: 3,
    });
    let [open, most] = [0, 0];
    const original = files.open;
    const spy = vi.spyOn(files, "open").mockImplementation(async (...parameters) => {
      most = Math.max(most, ++open);
      const handle = await original(...parameters);
      const close = handle.close.bind(handle);
      handle.close = () => (open--, close());
      return handle;
    });
    await Promise.all(Array.from({ length: 60 }, (_, index) => dataset.get(index)));
    spy.mockRestore();
    expect([most, open]).toEqual([3, 0]);
    await expect(imageFolder(dataset.directory, { concurrency: 0 })).rejects.toThrow(
      "concurrency of at least 1, got 0",
    );
  });
});

// A FIFO is among them, which Windows does not have.
describe.skipIf(process.platform === "win32")("bad files", () => {
  const spoilt = async () => {
    const root = await tree(
      "a/1.png",
      "b/2.png",
      ["a/page.jpg", "<html></html>"],
      ["b/cut.png", ""],
      ["b/new.heic", "\0\0\0\x18ftypheic\0\0\0\0mif1heic"],
    );
    await writeFile(join(root, "b", "cut.png"), image.subarray(0, 40));
    await symlink(join(root, "nowhere"), join(root, "a", "dangling.jpg"));
    execFileSync("mkfifo", [join(root, "a", "pipe.png")]);
    return root;
  };

  it("are found by verifyDataset, in order, with path and reason", async () => {
    const root = await spoilt();
    const found = await problems(await imageFolder(root));
    expect(found.map(({ name }) => name)).toEqual([
      "a/dangling.jpg",
      "a/page.jpg",
      "a/pipe.png",
      "b/cut.png",
      "b/new.heic",
    ]);
    for (const { path, name } of found) expect(path).toBe(join(root, name));
    const reasons = [/link to nothing/, /got HTML text/, /not a regular file/, /^damaged PNG/, /got HEIC/];
    for (const [i, { reason }] of found.entries()) expect(reason).toMatch(reasons[i]);
    expect(found[0].index).toBe(1);
  });

  it("stop a run before it starts, by default", async () => {
    const root = await spoilt();
    const folder = await imageFolder(root);
    const error = await requireReadable(folder).catch((caught: Error) => caught.message);
    expect(error).toContain("expected 7 readable images, got 5 that cannot be read:\n");
    expect(error).toContain(
      `  ${join(root, "a/page.jpg")}: expected a JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP or PNM image, got HTML text\n`,
    );
    await expect(folder.get(2)).rejects.toThrow(`[decodeImage] ${join(root, "a/page.jpg")}: expected`);
    await requireReadable(await imageFolder(await tree("a/1.png")));
  });

  it("are shortened to ten lines", async () => {
    const root = await tree(...Array.from({ length: 12 }, (_, i) => [`${i}.jpg`, "text"] as [string, string]));
    await expect(requireReadable(await imageFolder(root))).rejects.toThrow(
      /got 12 that cannot be read:(\n {2}.*got text){10}\n {2}and 2 more$/,
    );
    await expect(imageFolder(root, { skipBad: true })).rejects.toThrow(/got none: .*0\.jpg: .*got text/);
  });

  it("are set aside and counted by skipBad", async () => {
    const dataset = await imageFolder(await spoilt(), { skipBad: true });
    expect([names(dataset), labels(dataset), dataset.skipped.length]).toEqual([["a/1.png", "b/2.png"], [0, 1], 5]);
    expect(await problems(dataset)).toEqual([]);
    const root = await tree("a/1.png", ["b/2.png", "text"]);
    await expect(imageFolder(root, { skipBad: true })).rejects.toThrow('got none in "b"');
  });

  it("that vanish later are named when they are read", async () => {
    const root = await tree("1.png", "2.png");
    const dataset = await imageFolder(root);
    await rm(join(root, "2.png"));
    expect((await dataset.get(0)).image.width).toBe(5);
    await expect(dataset.get(1)).rejects.toThrow(`${join(root, "2.png")}: does not exist (vanished`);
  });

  it("stop being looked for on abort", async () => {
    const dataset = await imageFolder(await tree("1.png"));
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(requireReadable(dataset, { signal })).rejects.toThrow("enough");
  });

  it("are found in data sets without files, too", async () => {
    const dataset: Dataset = {
      length: 2,
      get: async (index) => {
        if (index === 1) throw new Error("no such record");
        return { image: { width: 1, height: 1, channels: 1, data: new Uint8Array(1) }, name: "x" };
      },
      label: () => undefined,
      name: (index) => `record ${index}`,
    };
    expect(await problems(dataset)).toEqual([
      { index: 1, name: "record 1", path: "record 1", reason: "no such record" },
    ]);
  });
});
