// One argument for a model: paths, folders, files as pages have them, bytes.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { openSources } from "./index.ts";
import type { SourceOptions } from "./index.ts";
import { checkpoint, contents, huggingFace, inFolder, sha256 } from "./model-folders.cases.ts";

const folder = mkdtempSync(join(tmpdir(), "beitjs-sources-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

function write(files: Readonly<Record<string, string>>, root = folder): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

describe("in memory", () => {
  const bytes = new TextEncoder().encode("weights");

  it("takes bytes, their buffer, blobs and sources, one or several", async () => {
    expect(await contents(bytes)).toEqual({ "(bytes)": "weights" });
    expect(await contents(Buffer.from("weights"))).toEqual({ "(bytes)": "weights" });
    expect(await contents(bytes.slice().buffer)).toEqual({ "(bytes)": "weights" });
    expect(await contents(new Blob(["weights"]))).toEqual({ "(blob)": "weights" });
    expect(await contents(new File(["weights"], "a.pth"))).toEqual({ "a.pth": "weights" });
    const source = { name: "mine", size: 7, read: async (start: number, end: number) => bytes.subarray(start, end) };
    expect(await contents(source)).toEqual({ mine: "weights" });
    expect(await contents([source, new File(["{}"], "config.json")])).toEqual({ mine: "weights", "config.json": "{}" });
  });

  it("names what it cannot take", async () => {
    for (const wrong of [undefined, 7, {}]) {
      await expect(openSources(wrong as never)).rejects.toThrow(
        "[openSources] expected a path, an address, files or bytes, got ",
      );
    }
  });
});

describe("on a disk", () => {
  it("takes a file by its path, by a file: address, and several", async () => {
    write({ "one.pth": "weights", "encoder.pkl": "e", "decoder.pkl": "d" });
    expect(await contents(at("one.pth"))).toEqual({ "one.pth": "weights" });
    expect(await contents(pathToFileURL(at("one.pth")))).toEqual({ "one.pth": "weights" });
    expect(await contents(pathToFileURL(at("one.pth")).href)).toEqual({ "one.pth": "weights" });
    const both = await openSources([at("encoder.pkl"), at("decoder.pkl")]);
    expect(both.name).toBe(`${at("encoder.pkl")}, ${at("decoder.pkl")}`);
    await both.close();
    await expect(both.sources[0].read(0, 1)).rejects.toThrow("a file that was closed");
  });

  it("takes what may belong to a model of a folder, and nothing below", async () => {
    const others = { "README.md": "#", "optimizer.pt": "o", "onnx/config.json": "{}", "onnx/model.onnx": "onnx" };
    write(inFolder("hf/", { ...huggingFace, ...others }));
    expect(await contents(at("hf"))).toEqual(huggingFace);
    expect(await contents(`${at("hf")}/`)).toEqual(huggingFace);
    write(inFolder("app/", { "manifest.json": '{"name":"an app"}', "beit.pth": "weights" }));
    expect(await contents(at("app"))).toEqual({ "beit.pth": "weights" });
  });

  it("takes Hugging Face's cache by the folder of the repository", async () => {
    write(inFolder("models--a--b/blobs/", { x: "weights" }));
    write(inFolder("models--a--b/snapshots/c0ffee/", { "config.json": "{}" }));
    symlinkSync("../../blobs/x", at("models--a--b/snapshots/c0ffee/model.safetensors"));
    write({ "models--a--b/refs/main": "c0ffee" });
    expect(await contents(at("models--a--b"))).toEqual({ "config.json": "{}", "model.safetensors": "weights" });
  });

  it("takes a checkpoint without its optimizer, and refuses a damaged one", async () => {
    const { "manifest.json": manifest } = checkpoint("good");
    write(inFolder("step/", checkpoint("good")));
    expect(await contents(at("step"))).toEqual({ "manifest.json": manifest, "model.safetensors": "good" });
    write(inFolder("bad/", checkpoint("bad!", { said: "good" })));
    await expect(openSources(at("bad"))).rejects.toThrow(
      `[openSources] expected a good checkpoint, got a damaged one: ${at("bad")}: expected model.safetensors with SHA-256 ${sha256("good")}, got ${sha256("bad!")}`,
    );
    write(inFolder("newer/", checkpoint("good", { version: 9 })));
    await expect(openSources(at("newer"))).rejects.toThrow("of version 1, got 9: it was written by another version");
  });

  it("takes the newest good checkpoint of a run, and says which were passed over", async () => {
    write(inFolder("run/checkpoints/step-000010/", checkpoint("ten")));
    write(inFolder("run/checkpoints/step-000020/", checkpoint("twenty")));
    write(inFolder("run/checkpoints/step-000030/", checkpoint("short", { said: "thirty" })));
    write(inFolder("run/checkpoints/step-000040/", { ...checkpoint("forty"), "manifest.sha256": "0" }));
    write({ "run/checkpoints/step-000050.partial/manifest.json": "{", "run/summary.json": "{}" });
    const opened = await openSources(at("run"));
    await opened.close();
    expect(opened.name).toBe(at("run/checkpoints/step-000020"));
    expect(opened.sources.map(({ name }) => name)).toEqual(
      ["manifest.json", "model.safetensors"].map((name) => `${opened.name}/${name}`),
    );
    expect(opened.skipped).toEqual([
      {
        path: at("run/checkpoints/step-000040"),
        reason: expect.stringContaining("manifest.json with SHA-256 0, got") as string,
      },
      { path: at("run/checkpoints/step-000030"), reason: "expected model.safetensors of 6 bytes, got 5" },
    ]);
    write(inFolder("hopeless/checkpoints/step-000010/", { "manifest.json": "{" }));
    await expect(openSources(at("hopeless"))).rejects.toThrow("got only damaged ones: ");
  });

  it("takes the best checkpoint of a run before newer ones, with the running mean of its weights", async () => {
    write(inFolder("judged/checkpoints/best/", checkpoint("ten", { ema: "mean" })));
    write(inFolder("judged/checkpoints/step-000010/", checkpoint("ten", { ema: "mean" })));
    write(inFolder("judged/checkpoints/step-000020/", checkpoint("twenty")));
    const { "manifest.json": manifest } = checkpoint("ten", { ema: "mean" });
    const best = { "manifest.json": manifest, "model.safetensors": "ten", "ema.safetensors": "mean" };
    expect(await contents(at("judged"))).toEqual(best);
    expect(await contents(at("judged/checkpoints/best"))).toEqual(best);
    expect(await contents(at("judged/checkpoints/last"))).toMatchObject({ "model.safetensors": "twenty" });
    write({ "judged/checkpoints/best/ema.safetensors": "cut" });
    const opened = await openSources(at("judged"));
    await opened.close();
    expect(opened.name).toBe(at("judged/checkpoints/step-000020"));
    expect(opened.skipped).toEqual([
      { path: at("judged/checkpoints/best"), reason: "expected ema.safetensors of 4 bytes, got 3" },
    ]);
    rmSync(at("judged/checkpoints/best/ema.safetensors"));
    await expect(openSources(at("judged/checkpoints/best"))).rejects.toThrow("expected ema.safetensors, got none");
  });

  it("says what is not there", async () => {
    await expect(openSources(at("nowhere"))).rejects.toMatchObject({ code: "Missing" });
    write({ "empty/README.md": "#" });
    await expect(openSources(at("empty"))).rejects.toMatchObject({
      code: "Missing",
      message: `[openSources] expected a run folder or the files of a model, got none that could be one: ${at("empty")}`,
    });
  });
});

describe("files of a page", () => {
  const dropped = (files: Readonly<Record<string, string>>) =>
    Object.entries(files).map(([path, text]) => ({ path, file: new Blob([text]) }));
  const chosen = (files: Readonly<Record<string, string>>) =>
    Object.entries(files).map(([path, text]) =>
      Object.assign(new File([text], path.split("/").at(-1) as string), { webkitRelativePath: path }),
    );

  it.each([
    ["dropped", dropped],
    ["chosen", chosen],
  ])("are taken as a folder: %s", async (_, files) => {
    const other = { "my/onnx/config.json": "{}", "my/.git/config": "", "my/README.md": "#" };
    expect(await contents(files({ ...inFolder("my/", huggingFace), ...other }))).toEqual(huggingFace);
    const run = inFolder("run/checkpoints/step-000010/", checkpoint("ten"));
    const newer = inFolder("run/checkpoints/step-000020/", checkpoint("cut", { said: "twenty" }));
    const opened = await openSources(files({ ...run, ...newer, "run/summary.json": "{}" }));
    expect(opened.name).toBe("run/checkpoints/step-000010");
    expect(opened.skipped.map(({ path }) => path)).toEqual(["run/checkpoints/step-000020"]);
    const two = { ...run, ...inFolder("other/checkpoints/step-000010/", checkpoint("ten")) };
    await expect(openSources(files(two))).rejects.toThrow("expected one run in the files, got 2: run/, other/");
  });

  it("are taken as they are where it is one", async () => {
    expect(await contents(dropped({ "weights-without-a-name": "weights" }))).toEqual({
      "weights-without-a-name": "weights",
    });
  });
});

describe("in a browser", () => {
  afterEach(() => void vi.unstubAllGlobals());

  it("takes a path as an address relative to the page", async () => {
    vi.stubGlobal("process", undefined);
    const urls: string[] = [];
    const relative: SourceOptions["fetch"] = async (url) => {
      urls.push(url);
      return new Response(url === "models/beit/model.safetensors" ? "weights" : "", {
        status: url === "models/beit/model.safetensors" ? 200 : 404,
      });
    };
    const { sources } = await openSources("models/beit/", { fetch: relative });
    expect(sources.map(({ name }) => name)).toEqual(["models/beit/model.safetensors"]);
    expect(urls[0]).toBe("models/beit/manifest.json");
  });
});
