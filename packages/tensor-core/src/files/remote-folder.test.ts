// Models at addresses of a server on this machine: layouts of hosts, what they refuse, and what may not be told.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openSources } from "./index.ts";
import { checkpoint, contents, huggingFace, inFolder, sha256 } from "./model-folders.cases.ts";

type Answer = {
  readonly status?: number;
  readonly body?: string;
  readonly type?: string;
  readonly to?: string;
  readonly endless?: boolean;
};
let root = "";
let answers: (path: string, request: IncomingMessage) => Answer = () => ({ status: 404 });
let asked: { readonly path: string; readonly authorization: string | undefined }[] = [];

const server = createServer((request, response) => {
  const { url = "", headers } = request;
  asked.push({ path: url, authorization: headers.authorization });
  const { status = 200, body = "", type = "application/octet-stream", to, endless } = answers(url, request);
  response.writeHead(status, { "content-type": type, ...(to !== undefined && { location: to }) });
  if (endless === true) sendForever(response);
  else response.end(body);
});
function sendForever(response: ServerResponse): void {
  const part = "{".repeat(1 << 20);
  const more = () => {
    while (!response.destroyed && response.write(part));
  };
  response.on("drain", more).on("error", () => undefined);
  more();
}
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

  it.each(["config.json", "manifest.json", "model.safetensors.index.json"])(
    "takes no more of %s than such a file has, however much a host sends",
    async (name) => {
      answers = (path) => (path === `/endless/${name}` ? { endless: true } : { status: 404 });
      await expect(openSources(`${root}/endless/`)).rejects.toMatchObject({
        code: "Download",
        message: `[openUrl] expected at most 50000000 bytes of ${root}/endless/${name}, got more; \`maxBytes\` allows more`,
      });
    },
  );

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

  it("finds a checkpoint of ours, and a finished run's best or last", async () => {
    const { "manifest.json": manifest } = checkpoint("good");
    const own = { "manifest.json": manifest, "model.safetensors": "good" };
    serve(inFolder("/step/", checkpoint("good")));
    expect(await contents(`${root}/step/`)).toEqual(own);
    serve({ ...inFolder("/run/checkpoints/step-000123/", checkpoint("good")), "/run/summary.json": '{"step":123}' });
    const { name } = await openSources(`${root}/run`);
    expect(name).toBe(`${root}/run/checkpoints/step-000123`);
    serve({
      ...inFolder("/run/checkpoints/best/", checkpoint("best", { ema: "mean" })),
      ...inFolder("/run/checkpoints/step-000123/", checkpoint("good")),
      "/run/summary.json": '{"step":123}',
    });
    expect(await contents(`${root}/run`)).toMatchObject({ "model.safetensors": "best", "ema.safetensors": "mean" });
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
    const limits = { retryDelay: 1 };
    await expect(openSources(`${root}/f/`, { limits })).rejects.toThrow(
      `expected status 200 from ${root}/f/preprocessor_config.json, got ${status}`,
    );
    serve({}, { status });
    await expect(openSources(`${root}/owner/name`, { limits })).rejects.toThrow(
      status < 500 ? "where it takes a token, give one: `token`" : `got ${status}`,
    );
    // A host may forbid what is not there: the other layout is asked.
    serve(inFolder("/owner/name/", huggingFace), { status: 404 });
    const plain = answers;
    answers = (path, request) => (path.includes("/resolve/") ? { status } : plain(path, request));
    expect(await contents(`${root}/owner/name`, { limits })).toEqual(huggingFace);
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
