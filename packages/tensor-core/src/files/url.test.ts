// Downloads from a real server on this machine and from an answer made by hand; the cache over a folder in memory.
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { removeLeftovers } from "./cache.ts";
import { createFileCache, openFileCache, openTensors, openUrl, readWhole } from "./index.ts";
import type { DirectoryLike, ResponseLike, UrlOptions } from "./index.ts";
import { fromFloat32, writeSafetensors } from "../safetensors.ts";

const body = Uint8Array.from({ length: 5_000_000 }, (_, i) => (i * 7 + (i >> 9)) & 255);
const sha256 = createHash("sha256").update(body).digest("hex");
let root = "";
let requests = 0;

const server = createServer((request, response) => {
  requests++;
  const path = request.url ?? "";
  if (path === "/file") response.writeHead(200, { "content-length": body.length }).end(body);
  else if (path === "/chunked") response.writeHead(200).end(body);
  else if (path === "/cut")
    response
      .writeHead(200, { "content-length": body.length })
      .write(body.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
  else if (path === "/stalls") response.writeHead(200, { "content-length": body.length }).write(body.subarray(0, 1000));
  else if (path === "/empty") response.writeHead(200, { "content-length": 0 }).end();
  else response.writeHead(path === "/busy" ? 503 : 404).end("<html>no</html>");
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** An answer by hand: what a browser can give that a server here cannot. */
function answer(chunks: ReadonlyArray<Uint8Array>, headers: Record<string, string> = {}): ResponseLike {
  const left = [...chunks];
  const read = async () => (left.length > 0 ? { done: false, value: left.shift() } : { done: true });
  const get = (name: string) => headers[name] ?? null;
  return {
    ok: true,
    status: 200,
    statusText: "",
    headers: { get },
    body: { getReader: () => ({ read, cancel: async () => undefined }) },
  };
}

describe("openUrl", () => {
  it("streams a file, tells how far it is, and checks its digest", async () => {
    const seen: [number, number | undefined][] = [];
    const onProgress = (loaded: number, total: number | undefined) => void seen.push([loaded, total]);
    const source = await openUrl(`${root}/file`, { onProgress, sha256: sha256.toUpperCase() });
    expect([source.name, source.size]).toEqual([`${root}/file`, body.length]);
    expect(Buffer.compare(await readWhole(source), body)).toBe(0);
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.at(-1)).toEqual([body.length, body.length]);
    expect(seen.every(([loaded], i) => i === 0 || loaded > seen[i - 1]![0])).toBe(true);
  });

  it("needs no length, and takes an empty file", async () => {
    const seen: (number | undefined)[] = [];
    const source = await openUrl(`${root}/chunked`, { onProgress: (_, total) => void seen.push(total) });
    expect(source.size).toBe(body.length);
    expect(new Set(seen)).toEqual(new Set([undefined]));
    expect((await openUrl(`${root}/empty`)).size).toBe(0);
  });

  it("names the status, the address and the numbers of what went wrong", async () => {
    const fails = (path: string, options: UrlOptions = {}) =>
      expect(openUrl(`${root}${path}`, { retryDelay: 1, ...options })).rejects;
    await fails("/none").toMatchObject({
      code: "Missing",
      message: `[openUrl] expected status 200 from ${root}/none, got 404 Not Found`,
    });
    await fails("/busy").toMatchObject({
      code: "Download",
      message: expect.stringContaining("got 503 Service") as string,
    });
    await fails("/cut").toMatchObject({
      code: "Truncated",
      message: expect.stringContaining(`[openUrl] expected ${body.length} bytes of ${root}/cut, got 1000`) as string,
    });
    await fails("/file", { sha256: "0".repeat(64) }).toMatchObject({
      code: "Checksum",
      message: `[openUrl] expected ${root}/file to have SHA-256 ${"0".repeat(64)}, got ${sha256}`,
    });
    await fails("/file", { sha256: "abc" }).toThrow('[openUrl] expected a SHA-256 of 64 hexadecimal digits, got "abc"');
    await expect(openUrl("http://127.0.0.1:1/x")).rejects.toMatchObject({ name: "FileError", code: "Download" });
  });

  it("says why there was no answer", async () => {
    const nobody = createServer().listen(0, "127.0.0.1");
    const { port } = await new Promise<AddressInfo>((resolve) =>
      nobody.once("listening", () => resolve(nobody.address() as AddressInfo)),
    );
    await new Promise((resolve) => nobody.close(resolve));
    await expect(openUrl(`http://127.0.0.1:${port}/file`)).rejects.toThrow("ECONNREFUSED");
  });

  it("holds a transfer against its Content-Length where the host does not", async () => {
    const options = { retryDelay: 1, fetch: async () => answer([body.subarray(0, 10)], { "content-length": "11" }) };
    await expect(openUrl("u", options)).rejects.toMatchObject({
      code: "Truncated",
      message: "[openUrl] expected 11 bytes of u, got 10",
    });
    // A compressed transfer: more comes than the length on the wire.
    const totals: (number | undefined)[] = [];
    const source = await openUrl("u", {
      fetch: async () => answer([body.subarray(0, 10), body.subarray(10, 30)], { "content-length": "12" }),
      onProgress: (_, total) => void totals.push(total),
    });
    expect([source.size, ...totals]).toEqual([30, 12, undefined]);
  });

  it("stops when asked to, before and during the transfer, with the reason given", async () => {
    const reason = new Error("the visitor left");
    const before = AbortSignal.abort(reason);
    await expect(openUrl(`${root}/file`, { signal: before })).rejects.toBe(reason);
    const stop = new AbortController();
    const loading = openUrl(`${root}/stalls`, { signal: stop.signal, onProgress: () => stop.abort(reason) });
    await expect(loading).rejects.toBe(reason);
  });

  it("gives what openTensors reads", async () => {
    const bytes = writeSafetensors([["a", fromFloat32(Float32Array.of(1, 2), [2])]]);
    const source = await openUrl("u", { fetch: async () => answer([bytes.subarray(0, 7), bytes.subarray(7)]) });
    const { tensors } = await openTensors(source);
    expect((await tensors.get("a")!.read()).data).toEqual(new Uint8Array(Float32Array.of(1, 2).buffer));
  });

  it("takes the fetch of any host", async () => {
    expect((await openUrl(`${root}/file`, { fetch })).size).toBe(body.length);
  });
});

/** The folder of a browser, in memory: what is written appears when its stream is closed. */
function memoryFolder(): { readonly folder: DirectoryLike; readonly files: Map<string, Uint8Array> } {
  const files = new Map<string, Uint8Array>();
  const missing = () => Object.assign(new Error("NotFoundError"), { name: "NotFoundError" });
  const folder: DirectoryLike = {
    async getFileHandle(name, { create = false } = {}) {
      if (!files.has(name) && !create) throw missing();
      if (!files.has(name)) files.set(name, new Uint8Array(0));
      return {
        async getFile() {
          if (!files.has(name)) throw missing();
          return new Blob([new Uint8Array(files.get(name)!)]);
        },
        async createWritable() {
          const parts: Uint8Array[] = [];
          return {
            write: async (data) => void parts.push(data.slice()),
            close: async () => void files.set(name, new Uint8Array(Buffer.concat(parts))),
            abort: async () => void parts.splice(0),
          };
        },
      };
    },
    async removeEntry(name) {
      if (!files.delete(name)) throw missing();
    },
    async *keys() {
      yield* [...files.keys()];
    },
  };
  return { folder, files };
}

describe("a cache", () => {
  let memory = memoryFolder();
  let options: UrlOptions = {};
  beforeEach(() => {
    memory = memoryFolder();
    options = { cache: createFileCache(memory.folder), retryDelay: 1 };
    requests = 0;
  });
  const cache = () => createFileCache(memory.folder);
  const dataName = () => [...memory.files.keys()].find((name) => !name.endsWith(".json"))!;

  it("gives a file the second time without a request", async () => {
    for (let visit = 0; visit < 2; visit++) {
      const source = await openUrl(`${root}/file`, { cache: cache(), sha256 });
      expect([source.name, Buffer.compare(await readWhole(source), body)]).toEqual([`${root}/file`, 0]);
    }
    expect(requests).toBe(1);
    expect(await cache().list()).toEqual([{ url: `${root}/file`, size: body.length, sha256 }]);
    expect(await cache().delete(`${root}/file`)).toBe(true);
    expect([await cache().delete(`${root}/file`), memory.files.size]).toEqual([false, 0]);
  });

  it.each<readonly [string, (bytes: Uint8Array) => Uint8Array]>([
    ["one bit", (bytes) => bytes.with(1_234_567, bytes[1_234_567]! ^ 1)],
    ["its end", (bytes) => bytes.slice(0, -1)],
    ["everything", () => new Uint8Array(0)],
  ])("fetches again what was damaged: %s", async (_, damage) => {
    await openUrl(`${root}/file`, options);
    memory.files.set(dataName(), damage(memory.files.get(dataName())!));
    expect(Buffer.compare(await readWhole(await openUrl(`${root}/file`, options)), body)).toBe(0);
    expect([requests, memory.files.size]).toEqual([2, 2]);
    await openUrl(`${root}/file`, options);
    expect(requests).toBe(2);
  });

  it("fetches again what lost its data or its sidecar, or has another digest than is asked for", async () => {
    await openUrl(`${root}/file`, options);
    memory.files.delete(dataName());
    await openUrl(`${root}/file`, options);
    for (const name of memory.files.keys()) if (name.endsWith(".json")) memory.files.set(name, Buffer.from("{}"));
    await openUrl(`${root}/file`, options);
    expect(requests).toBe(3);
    const stale = openUrl(`${root}/file`, { ...options, sha256: "0".repeat(64) });
    await expect(stale).rejects.toMatchObject({ code: "Checksum" });
    expect(requests).toBe(4);
    expect(await cache().list()).toEqual([]);
  });

  it("keeps nothing of a transfer that failed", async () => {
    for (const path of ["/cut", "/none"]) await expect(openUrl(`${root}${path}`, options)).rejects.toThrow("[openUrl]");
    await expect(openUrl(`${root}/file`, { ...options, sha256: "0".repeat(64) })).rejects.toThrow("SHA-256");
    const stop = new AbortController();
    const loading = openUrl(`${root}/stalls`, {
      ...options,
      signal: stop.signal,
      onProgress: () => stop.abort("left"),
    });
    await expect(loading).rejects.toBe("left");
    expect([...memory.files.keys()]).toEqual([]);
  });

  it("tells addresses apart, and lists and deletes each", async () => {
    await openUrl(`${root}/file`, options);
    await openUrl(`${root}/empty`, options);
    await cache().delete(`${root}/file`);
    expect((await cache().list()).map(({ url, size }) => [url, size])).toEqual([[`${root}/empty`, 0]]);
    expect((await openUrl(`${root}/empty`, options)).size).toBe(0);
    expect(requests).toBe(2);
  });

  it("keeps a file of an address with secrets without them, and gives it by what it lists", async () => {
    const asked: string[] = [];
    const load: UrlOptions["fetch"] = async (url) => {
      asked.push(url);
      return answer([Uint8Array.of(asked.length)]);
    };
    const address = (sig: string) => `https://me:pass@host/a.pth?sig=${sig}`;
    for (const sig of ["s3cret", "other", "s3cret"]) await openUrl(address(sig), { ...options, fetch: load });
    expect(asked).toEqual(["https://host/a.pth?sig=s3cret", "https://host/a.pth?sig=other"]);
    const kept = [...memory.files.entries()]
      .flatMap(([name, bytes]) => [name, Buffer.from(bytes).toString()])
      .join(" ");
    expect(kept).not.toMatch(/s3cret|other|pass|me:/);
    const listed = await cache().list();
    expect(listed.map(({ url }) => url)).toEqual(["https://host/a.pth?…", "https://host/a.pth?…"]);
    for (const file of listed) {
      const source = await openUrl(file.url, { ...options, sha256: file.sha256, fetch: load });
      expect(
        createHash("sha256")
          .update(await readWhole(source))
          .digest("hex"),
      ).toBe(file.sha256);
    }
    expect(asked).toHaveLength(2);
    expect([await cache().delete("https://host/a.pth?…"), await cache().delete("https://host/a.pth?…")]).toEqual([
      true,
      true,
    ]);
    expect(memory.files.size).toBe(0);
  });

  it("says so when there is no room", async () => {
    const full = { ...memory.folder, getFileHandle: () => Promise.reject(new Error("QuotaExceededError")) };
    await expect(openUrl(`${root}/file`, { cache: createFileCache(full) })).rejects.toMatchObject({
      code: "Write",
      message: `[openUrl] expected to keep ${root}/file in the cache, got Error: QuotaExceededError`,
    });
  });

  it("removes what a closed tab left, and nothing else", async () => {
    await openUrl(`${root}/file`, options);
    memory.files.set("abandoned.0", new Uint8Array(9));
    await removeLeftovers(memory.folder);
    expect(memory.files.has("abandoned.0")).toBe(false);
    await openUrl(`${root}/file`, options);
    expect(requests).toBe(1);
  });

  it("is not there in Node", async () => expect(await openFileCache()).toBeUndefined());
});
