// Downloads from hosts that break off, say nothing, send too much, change their minds or give secrets away.
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openSources, openUrl, readWhole, type FileError, type UrlOptions } from "./index.ts";
import { boundOf } from "./transfer.ts";

const body = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7 + (i >> 9)) & 255));
const sha256 = createHash("sha256").update(body).digest("hex");
let root = "";
let ranges: (string | undefined)[] = [];
let answer: (request: IncomingMessage, response: ServerResponse, nth: number) => void = () => undefined;

const server = createServer((request, response) => {
  ranges.push(request.headers.range);
  answer(request, response, ranges.length - 1);
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => void (ranges = []));

const quick: UrlOptions = { retryDelay: 1 };
const open = (path = "/file", options: UrlOptions = {}) => openUrl(root + path, { ...quick, ...options });

/** Sends bytes from `start` and breaks the connection after `length` of them. */
function sendPart(response: ServerResponse, start: number, length: number, headers: Record<string, string> = {}): void {
  const rest = body.length - start;
  const range = start > 0 ? { "content-range": `bytes ${start}-${body.length - 1}/${body.length}` } : {};
  response.writeHead(start > 0 ? 206 : 200, { "content-length": rest, ...range, ...headers });
  if (length >= rest) return void response.end(body.subarray(start));
  response.write(body.subarray(start, start + length), () => setTimeout(() => response.destroy(), 10));
}
const startOf = ({ headers }: IncomingMessage) => Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);

describe("a transfer that breaks off", () => {
  it("goes on where it stopped, three times, and has the digest of the whole", async () => {
    answer = (request, response) => sendPart(response, startOf(request), 100_000, { etag: '"a"' });
    const told: number[] = [];
    const source = await open("/file", { sha256, onRetry: (_, loaded) => void told.push(loaded) });
    expect(Buffer.compare(await readWhole(source), body)).toBe(0);
    expect(ranges).toEqual([undefined, "bytes=100000-", "bytes=200000-"]);
    expect(told).toEqual([100_000, 200_000]);
    ranges = [];
    answer = (request, response) => sendPart(response, startOf(request), 10);
    await expect(open()).rejects.toMatchObject({ code: "Truncated" });
    expect(ranges).toEqual([undefined, "bytes=10-", "bytes=20-", "bytes=30-"]);
    ranges = [];
    await expect(open("/file", { retries: 0 })).rejects.toThrow(
      `expected ${body.length} bytes of ${root}/file, got 10`,
    );
    expect(ranges).toHaveLength(1);
  });

  it.each([
    [
      "knows no ranges",
      (response: ServerResponse) => response.writeHead(200, { "content-length": body.length }).end(body),
    ],
    [
      "has another file by now",
      (response: ServerResponse, start: number) => sendPart(response, start, 1e9, { etag: '"b"' }),
    ],
    ["sends another part", (response: ServerResponse) => sendPart(response, 7, 1e9, { etag: '"a"' })],
    ["has less by now", (response: ServerResponse) => response.writeHead(416).end()],
  ])("begins again where the host %s", async (_, second) => {
    answer = (request, response, nth) => {
      if (nth === 0) sendPart(response, 0, 1000, { etag: '"a"' });
      else if (nth === 1) second(response, startOf(request));
      else response.writeHead(200, { "content-length": body.length }).end(body);
    };
    expect(Buffer.compare(await readWhole(await open("/file", { sha256 })), body)).toBe(0);
    expect(ranges[1]).toBe("bytes=1000-");
    expect(ranges[2]).toBeUndefined();
  });

  it("is asked for by If-Range, so that one host's two files never become one", async () => {
    const asked: unknown[] = [];
    answer = ({ headers }, response, nth) => {
      asked.push(headers["if-range"]);
      if (nth === 0) sendPart(response, 0, 1000, { etag: '"a"' });
      else response.writeHead(200, { "content-length": 3, etag: '"b"' }).end("new");
    };
    expect((await readWhole(await open())).toString()).toBe("110,101,119");
    expect(asked).toEqual([undefined, '"a"']);
  });

  it("and a busy host are waited for; one that refuses is not", async () => {
    answer = (_, response, nth) =>
      nth < 3 ? response.writeHead(503, { "retry-after": "0" }).end() : response.end(body);
    expect((await open()).size).toBe(body.length);
    expect(ranges).toHaveLength(4);
    ranges = [];
    answer = (_, response) => response.writeHead(403).end();
    await expect(open()).rejects.toThrow("got 403 Forbidden");
    expect(ranges).toHaveLength(1);
  });
});

describe("a host that says nothing", () => {
  it("is given up on, before its answer and in the middle of it", async () => {
    answer = () => undefined;
    await expect(open("/file", { connectTimeout: 50, retries: 1 })).rejects.toMatchObject({
      code: "Download",
      message: `[openUrl] expected an answer from ${root}/file within 50 ms, got none`,
    });
    expect(ranges).toHaveLength(2);
    answer = (_, response) => response.writeHead(200, { "content-length": body.length }).write(body.subarray(0, 1000));
    await expect(open("/file", { silenceTimeout: 50, retries: 0 })).rejects.toMatchObject({
      code: "Truncated",
      message: `[openUrl] expected ${body.length} bytes of ${root}/file, got 1000, then nothing for 50 ms`,
    });
  });

  it("does not keep who was told to stop", async () => {
    answer = () => undefined;
    const controller = new AbortController();
    const loading = open("/file", { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("the visitor left")), 30);
    await expect(loading).rejects.toThrow("the visitor left");
  });
});

describe("a host that sends too much", () => {
  const forever = (response: ServerResponse): void => {
    const part = Buffer.alloc(1 << 20);
    const more = (): void => {
      while (!response.destroyed && response.write(part));
    };
    response.on("drain", more).on("error", () => undefined);
    more();
  };

  it("is stopped at the bound, whether it says its length or not", async () => {
    answer = (_, response) => forever(response.writeHead(200));
    const over = `[openUrl] expected at most 3000000 bytes of ${root}/file, got`;
    await expect(open("/file", { maxBytes: 3e6 })).rejects.toMatchObject({
      code: "Download",
      message: `${over} more; \`maxBytes\` allows more`,
    });
    answer = (_, response) => response.writeHead(200, { "content-length": 4e9 }).write("a");
    await expect(open("/file", { maxBytes: 3e6 })).rejects.toThrow(`${over} 4000000000`);
    await expect(openSources(`${root}/a.safetensors`, { limits: { maxBytes: 3e6 } })).rejects.toThrow(
      "at most 3000000 bytes",
    );
    expect(ranges).toHaveLength(3);
  });

  it("in a few bytes that unpack to many is stopped, too", async () => {
    const bomb = gzipSync(Buffer.alloc(100 << 20));
    expect(bomb.length).toBeLessThan(200_000);
    answer = (_, response) =>
      response.writeHead(200, { "content-encoding": "gzip", "content-length": bomb.length }).end(bomb);
    const most = boundOf(bomb.length, undefined);
    expect(most).toBeLessThan(100 << 20);
    await expect(open()).rejects.toThrow(`[openUrl] expected at most ${most} bytes of ${root}/file, got more`);
  });

  it("has bounds by itself", () => {
    expect(boundOf(NaN, undefined)).toBe(2 ** 31);
    expect(boundOf(1e9, undefined)).toBeGreaterThanOrEqual(1e9);
    expect(boundOf(2 ** 50, undefined)).toBe(2 ** 36);
    expect(boundOf(NaN, 2 ** 40)).toBe(2 ** 40);
  });

  it.each([
    ["maxBytes", -1],
    ["silenceTimeout", NaN],
    ["retries", -1],
  ])("refuses %s of %s", async (name, value) => {
    await expect(open("/file", { [name]: value })).rejects.toThrow(
      `[openUrl] expected ${name} of at least 0, got ${value}`,
    );
  });
});

describe("a hub", () => {
  const redirected = (digest: string) => (request: IncomingMessage, response: ServerResponse) =>
    request.url === "/blob"
      ? response.end(body)
      : response.writeHead(302, { location: "/blob", "x-linked-etag": `"${digest}"` }).end();

  it("is held to the digest that it says of a file", async () => {
    answer = redirected(sha256);
    expect((await open()).size).toBe(body.length);
    answer = redirected("0".repeat(64));
    await expect(open()).rejects.toMatchObject({
      code: "Checksum",
      message: `[openUrl] expected ${root}/file to have SHA-256 ${"0".repeat(64)}, as its host says, got ${sha256}`,
    });
    // Of a small file it is the name of git's blob.
    answer = redirected("a".repeat(40));
    expect((await open()).size).toBe(body.length);
  });

  it("leads to no other protocol, and not in circles", async () => {
    answer = (_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end();
    await expect(open()).rejects.toThrow(
      `expected an answer from ${root}/file, got Error: a redirect to another protocol`,
    );
    answer = (_, response) => response.writeHead(307, { location: "/file" }).end();
    await expect(open()).rejects.toThrow("more than 10 redirects");
    expect(ranges).toHaveLength(12);
  });

  it("may be written in capitals", async () => {
    answer = redirected(sha256);
    const opened = await openSources(root.replace("http", "HTTP") + "/a.safetensors");
    expect(opened.sources[0].size).toBe(body.length);
  });
});

describe("an error", () => {
  const failing = (error: unknown): Promise<FileError> =>
    open("/file?sig=s3cret", {
      headers: { authorization: "Bearer s3cret\n" },
      fetch: () => Promise.reject(error),
      retries: 0,
    }).then(
      () => expect.fail("expected an error"),
      (caught: unknown) => caught as FileError,
    );

  it.each<readonly [string, unknown]>([
    [
      "connect ECONNREFUSED 127.0.0.1:1",
      new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 127.0.0.1:1") }),
    ],
    [
      "connect ETIMEDOUT ::1",
      new TypeError("fetch failed", { cause: new AggregateError([new Error("connect ETIMEDOUT ::1")]) }),
    ],
    [
      "UND_ERR_SOCKET",
      new TypeError("fetch failed", { cause: Object.assign(new Error(""), { code: "UND_ERR_SOCKET" }) }),
    ],
    ["other side closed", new TypeError("terminated", { cause: new Error("other side closed") })],
  ])("says the cause: %s", async (reason, error) => {
    expect((await failing(error)).message).toMatch(new RegExp(`^\\[openUrl\\] expected an answer from .*: ${reason}$`));
  });

  it("of a transfer says it, too", async () => {
    answer = (_, response) => sendPart(response, 0, 1000);
    await expect(open("/file", { retries: 0 })).rejects.toThrow(/got 1000: TypeError: terminated: \S+/);
  });

  it("tells no header and no address in full, also where a token cannot be sent", async () => {
    const words = [
      new TypeError('Headers.append: "Bearer s3cret\n" is an invalid header value.'),
      new TypeError("Failed to parse URL from https://me:s3cret@host/a?token=s3cret#s3cret"),
      new TypeError("fetch failed", { cause: new Error("no route to HTTPS://cdn.example/a?X-Amz-Signature=s3cret") }),
    ];
    for (const error of words) {
      const { message, cause } = await failing(error);
      expect(`${message} ${String(cause)} ${JSON.stringify(cause)}`).not.toContain("s3cret");
    }
    const token = await openSources(`${root}/a.safetensors`, { token: "s3cret\n" }).catch((caught: unknown) => caught);
    expect(`${String(token)} ${String((token as Error).cause)}`).not.toContain("s3cret");
  });
});
