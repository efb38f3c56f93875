// One argument for a model: paths, folders, addresses of a server on this machine, files as pages have them, bytes.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { CHECKPOINT_FORMAT, CHECKPOINT_VERSION, openSources, readWhole } from "./index.ts";
import type { ModelInput, SourceOptions } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "beitjs-sources-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

function write(files: Readonly<Record<string, string>>, root = folder): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** A checkpoint of ours as far as its model goes. */
function checkpoint(weights: string, { version = CHECKPOINT_VERSION, said = weights } = {}) {
  const files = { "model.safetensors": { bytes: said.length, sha256: sha256(said) } };
  const manifest = JSON.stringify({ format: CHECKPOINT_FORMAT, version, files });
  return {
    "manifest.json": manifest,
    "manifest.sha256": `${sha256(manifest)}  manifest.json\n`,
    "model.safetensors": weights,
    "optimizer.safetensors": "momenta",
  };
}

const inFolder = (place: string, files: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [place + name, text]));

/** What is opened, as texts by the last part of the name. */
async function contents(model: ModelInput, options: SourceOptions = {}): Promise<Record<string, string>> {
  const { sources, close } = await openSources(model, options);
  const texts: Record<string, string> = {};
  for (const source of sources) {
    texts[source.name.split("/").at(-1) as string] = new TextDecoder().decode(await readWhole(source));
  }
  await close();
  return texts;
}

const huggingFace = { "config.json": "{}", "preprocessor_config.json": "{}", "model.safetensors": "weights" };

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

type Answer = { readonly status?: number; readonly body?: string; readonly type?: string; readonly to?: string };
let root = "";
let answers: (path: string, request: IncomingMessage) => Answer = () => ({ status: 404 });
let asked: { readonly path: string; readonly authorization: string | undefined }[] = [];

const server = createServer((request, response) => {
  const { url = "", headers } = request;
  asked.push({ path: url, authorization: headers.authorization });
  const { status = 200, body = "", type = "application/octet-stream", to } = answers(url, request);
  response.writeHead(status, { "content-type": type, ...(to !== undefined && { location: to }) }).end(body);
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => void (asked = []));

/** A host that has these files and no lists. */
function serve(files: Readonly<Record<string, string>>, otherwise: Answer = { status: 404, type: "text/html" }): void {
  answers = (path) => {
    const body = files[decodeURIComponent(path.split("?")[0])];
    return body === undefined ? otherwise : { body };
  };
}

describe("at an address", () => {
  it.each([
    "/owner/name",
    "/owner/name/",
    "/owner/name/tree/main",
    "/owner/name/resolve/main",
    "/owner/name/resolve/main/",
  ])("finds a hub's repository: %s", async (path) => {
    serve(inFolder("/owner/name/resolve/main/", huggingFace));
    const opened = await openSources(root + path);
    expect(opened.name).toBe(`${root}/owner/name/resolve/main`);
    expect(opened.sources.map(({ name }) => name.slice(opened.name.length + 1)).sort()).toEqual(
      Object.keys(huggingFace).sort(),
    );
    expect(await contents(new URL(root + path))).toEqual(huggingFace);
  });

  it("finds revisions and folders in them, and the file behind a hub's page of it", async () => {
    serve(inFolder("/owner/name/resolve/v2/small/", huggingFace));
    expect(await contents(`${root}/owner/name/tree/v2/small`)).toEqual(huggingFace);
    expect(await contents(`${root}/owner/name/blob/v2/small/model.safetensors`)).toEqual({
      "model.safetensors": "weights",
    });
  });

  it.each(["/models/beit/", "/models/beit", "/deep/models/beit"])("finds a plain folder: %s", async (path) => {
    serve(inFolder(path.replace(/\/?$/, "/"), huggingFace));
    expect(await contents(root + path)).toEqual(huggingFace);
  });

  it("finds weights under all their usual names, with all shards of an index", async () => {
    const index = JSON.stringify({
      weight_map: { a: "part 1.safetensors", b: "part-2.safetensors", c: "part-2.safetensors" },
    });
    const shards = { "model.safetensors.index.json": index, "part 1.safetensors": "1", "part-2.safetensors": "2" };
    for (const files of [
      shards,
      { "pytorch_model.bin": "bin" },
      { "encoder.pkl": "e", "decoder.pkl": "d" },
      { "encoder.pkl": "e" },
    ]) {
      serve(inFolder("/f/", files));
      expect(await contents(`${root}/f/`)).toEqual(files);
    }
    serve(inFolder("/f/", { ...shards, "model.safetensors": "whole" }));
    expect(await contents(`${root}/f/`)).toEqual({ "model.safetensors": "whole" });
    const { "part-2.safetensors": _, ...cut } = shards;
    serve(inFolder("/f/", cut));
    await expect(openSources(`${root}/f/`)).rejects.toThrow(`got them without ${root}/f/part-2.safetensors`);
    const outside = JSON.stringify({ weight_map: { a: "../../secret.safetensors" } });
    serve(inFolder("/f/", { "model.safetensors.index.json": outside }));
    await expect(openSources(`${root}/f/`)).rejects.toThrow("expected names of files in");
  });

  it("finds a checkpoint of ours, and a finished run's last", async () => {
    const { "manifest.json": manifest } = checkpoint("good");
    const own = { "manifest.json": manifest, "model.safetensors": "good" };
    serve(inFolder("/step/", checkpoint("good")));
    expect(await contents(`${root}/step/`)).toEqual(own);
    serve({ ...inFolder("/run/checkpoints/step-000123/", checkpoint("good")), "/run/summary.json": '{"step":123}' });
    const { name } = await openSources(`${root}/run`);
    expect(name).toBe(`${root}/run/checkpoints/step-000123`);
    serve(inFolder("/step/", checkpoint("cut", { said: "good" })));
    await expect(openSources(`${root}/step/`)).rejects.toThrow("got a damaged one");
  });

  it("takes a file whatever its address is called", async () => {
    serve({ "/download/7": "weights" });
    expect(await contents(`${root}/download/7?part=1`)).toEqual({ "7?…": "weights" });
    expect(await contents(new URL("data:application/octet-stream,weights"))).toEqual({ "data:…": "weights" });
  });

  it("takes no page for a file, as hosts give one for everything they do not have", async () => {
    serve(inFolder("/a/", huggingFace), { body: "<html>", type: "text/html; charset=utf-8" });
    expect(await contents(`${root}/a/`)).toEqual(huggingFace);
    expect(await contents(`${root}/a`)).toEqual(huggingFace);
    serve({}, { body: "<html>", type: "text/html" });
    await expect(openSources(`${root}/a`)).rejects.toMatchObject({
      code: "Missing",
      message: expect.stringMatching(
        /^\[openSources\] expected the files of a model at http:\S+\/a, got none of config\.json, .* below http:\S+\/a\/ and http:\S+\/a\/resolve\/main\/$/,
      ) as string,
    });
  });

  it.each([401, 403, 500, 503])("tells %i of any file with its address", async (status) => {
    const files = inFolder("/f/", huggingFace);
    answers = (path) =>
      path === "/f/preprocessor_config.json"
        ? { status }
        : files[path] === undefined
          ? { status: 404 }
          : { body: files[path] };
    await expect(openSources(`${root}/f/`)).rejects.toThrow(
      `expected status 200 from ${root}/f/preprocessor_config.json, got ${status}`,
    );
    serve({}, { status });
    await expect(openSources(`${root}/owner/name`)).rejects.toThrow(
      status < 500 ? "where it takes a token, give one: `token`" : `got ${status}`,
    );
    // A host may forbid what is not there: the other layout is asked.
    serve(inFolder("/owner/name/", huggingFace), { status: 404 });
    const plain = answers;
    answers = (path, request) => (path.includes("/resolve/") ? { status } : plain(path, request));
    expect(await contents(`${root}/owner/name`)).toEqual(huggingFace);
  });

  it("checks the digest of the weights", async () => {
    serve(inFolder("/f/", huggingFace));
    expect(await contents(`${root}/f/`, { sha256: sha256("weights") })).toEqual(huggingFace);
    await expect(openSources(`${root}/f/`, { sha256: sha256("other") })).rejects.toMatchObject({ code: "Checksum" });
  });

  it("tells how far it is, and stops when asked to", async () => {
    serve(inFolder("/f/", huggingFace));
    const seen = new Set<string>();
    await openSources(`${root}/f/`, { onDownload: (name) => void seen.add(name) });
    expect([...seen]).toContain("model.safetensors");
    const controller = new AbortController();
    controller.abort(new Error("enough"));
    await expect(openSources(`${root}/f/`, { signal: controller.signal })).rejects.toThrow("enough");
  });
});

describe("secrets", () => {
  const secretly = (path: string) => root.replace("://", "://me:pass%20word@") + path;
  const secrets = /pass|word|me:|sig=|s3cret/;
  const basic = `Basic ${Buffer.from("me:pass word").toString("base64")}`;

  it("in an address go with every file, and into no name and no message", async () => {
    serve(inFolder("/f/", huggingFace));
    const opened = await openSources(secretly("/f/?sig=s3cret"));
    expect([opened.name, ...opened.sources.map(({ name }) => name)].join(" ")).not.toMatch(secrets);
    expect(asked.map(({ authorization }) => authorization)).toEqual(asked.map(() => basic));
    expect(asked.map(({ path }) => path)).toContain("/f/model.safetensors?sig=s3cret");
    for (const [path, status] of [
      ["/f/?sig=s3cret", 404],
      ["/f/?sig=s3cret", 403],
      ["/f.pth?sig=s3cret#s3cret", 500],
    ] as const) {
      serve({}, { status });
      const error: unknown = await openSources(secretly(path)).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(Error);
      expect(`${(error as Error).message} ${String((error as Error).cause)}`).not.toMatch(secrets);
    }
  });

  it("are not in what cannot be asked either", async () => {
    for (const address of ["http://me:pass@127.0.0.1:1/a.pth?sig=s3cret", "http://me:pass@[/a.pth?sig=s3cret"]) {
      const error = (await openSources(address).catch((caught: unknown) => caught)) as Error;
      expect(error).toMatchObject({ code: "Download" });
      expect(`${error.message} ${String(error.cause)}`).not.toMatch(secrets);
    }
  });

  it("as a token go to the host they are for, and to no other", async () => {
    serve(inFolder("/f/", huggingFace));
    await openSources(`${root}/f/`, { token: "s3cret" });
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer s3cret"]));
    asked = [];
    await openSources(`${root}/f/`, {
      token: (origin) => (origin === "https://huggingface.co" ? "s3cret" : undefined),
    });
    expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set([undefined]));
    await expect(openSources("http://example.org/f/", { token: "s3cret" })).rejects.toThrow(
      "expected an https address to send a token to, got http://example.org/f/",
    );
  });

  it("as a token are not carried to a host that answers in its place", async () => {
    const elsewhere: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      elsewhere.push(request.headers.authorization);
      response.end("weights");
    });
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    try {
      const to = `http://127.0.0.1:${(other.address() as AddressInfo).port}/blob`;
      answers = () => ({ status: 302, to });
      expect(await contents(`${root}/a.safetensors`, { token: "s3cret" })).toEqual({ "a.safetensors": "weights" });
      expect(elsewhere).toEqual([undefined]);
    } finally {
      other.close();
    }
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
