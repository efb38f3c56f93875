// A host that answers as no host should: bytes as they are put on the wire, so that lengths, encodings and status lines can lie.
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import type { Rng } from "../../packages/tensor-core/src/random.ts";

export type Asked = { readonly path: string; readonly head: string; readonly number: number };
type Answer = (socket: Socket, asked: Asked) => void;

/** What a host does with a file of `body`; `elsewhere` is the origin of another host. */
export type Manner = (body: Buffer, elsewhere: string, rng: Rng) => Answer;

const head = (status: string, ...fields: readonly string[]): string =>
  `HTTP/1.1 ${[status, ...fields].join("\r\n")}\r\n\r\n`;
const send = (socket: Socket, ...parts: readonly (string | Buffer)[]): void => {
  socket.cork();
  for (const part of parts) socket.write(part, typeof part === "string" ? "latin1" : undefined);
  socket.uncork();
};
const whole =
  (body: Buffer, ...fields: readonly string[]): Answer =>
  (socket) =>
    send(socket, head("200 OK", `content-length: ${body.length}`, "connection: close", ...fields), body);
const redirect =
  (address: (asked: Asked) => string): Answer =>
  (socket, asked) =>
    send(socket, head("302 Found", `location: ${address(asked)}`, "content-length: 0"));

// Of zeros: half a gigabyte in half a megabyte.
let bomb: Buffer | undefined;
const startOf = ({ head: text }: Asked): number => Number(/^range: bytes=(\d+)-/im.exec(text)?.[1] ?? 0);

/** Sends half and breaks off; asked to go on, it answers as `rest` says. */
const brokenOff =
  (body: Buffer, rest: Answer): Answer =>
  (socket, asked) => {
    if (startOf(asked) > 0) return rest(socket, asked);
    send(
      socket,
      head("200 OK", `content-length: ${body.length}`, 'etag: "1"', "accept-ranges: bytes"),
      body.subarray(0, body.length / 2),
    );
    setTimeout(() => socket.destroy(), 20);
  };
const range = (bytes: Buffer, start: number, all: number, etag = '"1"'): readonly [string, Buffer] => [
  head(
    "206 Partial",
    `content-length: ${bytes.length}`,
    `content-range: bytes ${start}-${all - 1}/${all}`,
    `etag: ${etag}`,
  ),
  bytes,
];

/** Manners after which the file may be whole: only then may a command be done. */
export const mayBeWhole: Readonly<Record<string, Manner>> = {
  sound: (body) => whole(body),
  "no length": (body) => (socket) =>
    socket.end(Buffer.concat([Buffer.from(head("200 OK", "connection: close")), body])),
  "breaks off, goes on": (body) =>
    brokenOff(body, (socket, asked) =>
      send(socket, ...range(body.subarray(startOf(asked)), startOf(asked), body.length)),
    ),
  "breaks off, begins anew": (body) => brokenOff(body, whole(body)),
  "more than its length": (body) => (socket) =>
    send(socket, head("200 OK", `content-length: ${body.length}`), body, "more than that"),
  "packed, and as it says": (body) => {
    const packed = gzipSync(body);
    return whole(packed, "content-encoding: gzip");
  },
  "redirects elsewhere": (_, elsewhere) => redirect(({ path }) => `${elsewhere}${path}`),
};

export const neverWhole: Readonly<Record<string, Manner>> = {
  "says nothing": () => () => {},
  "says nothing after the head": (body) => (socket) => send(socket, head("200 OK", `content-length: ${body.length}`)),
  "stops halfway": (body) => (socket) =>
    send(socket, head("200 OK", `content-length: ${body.length}`), body.subarray(0, body.length / 2)),
  "always breaks off": (body) => (socket) => {
    send(socket, head("200 OK", `content-length: ${body.length}`), body.subarray(0, body.length / 3));
    setTimeout(() => socket.destroy(), 10);
  },
  "goes on with another file": (body) =>
    brokenOff(body, (socket, asked) => {
      const other = Buffer.alloc(body.length - startOf(asked), 7);
      send(socket, ...range(other, startOf(asked), body.length, '"2"'));
    }),
  "goes on elsewhere in the file": (body) =>
    brokenOff(body, (socket) => send(socket, ...range(body.subarray(0, 10), 0, body.length))),
  "a longer length": (body) => (socket) => {
    send(socket, head("200 OK", `content-length: ${body.length + 100}`), body);
    setTimeout(() => socket.end(), 10);
  },
  "a shorter length": (body) => (socket) => {
    send(socket, head("200 OK", `content-length: ${body.length - 100}`, "connection: close"), body);
  },
  "a length that is none": (body, _, rng) => (socket) => {
    const length = ["-1", "1e9", "99999999999999999999", "NaN", "0x10", ""][rng.integer(6)];
    send(socket, head("200 OK", `content-length: ${length}`), body);
  },
  "a terabyte": (body) => (socket) => send(socket, head("200 OK", "content-length: 1099511627776"), body),
  "unpacks to half a gigabyte": () => {
    bomb ??= gzipSync(Buffer.alloc(1 << 29), { level: 9 });
    return whole(bomb, "content-encoding: gzip");
  },
  "broken packing": (body) => whole(body, "content-encoding: gzip"),
  "a page": () => whole(Buffer.from("<!doctype html><script>alert(1)</script>"), "content-type: text/html"),
  "a status line with escapes": (_, __, rng) => (socket) => {
    const code = [401, 403, 404, 410, 451, 500, 599][rng.integer(7)];
    send(socket, head(`${code} \u001b[2J\u009b31m s3cretStatus`, "content-length: 0"));
  },
  "no HTTP": (_, __, rng) => (socket) => {
    socket.end(Buffer.from(Array.from({ length: 200 }, () => rng.integer(256))));
  },
  "a megabyte of headers": (body) => whole(body, `x: ${"h".repeat(1 << 20)}`),
  "a digest that is another's": (body) => whole(body, `x-linked-etag: "${"0".repeat(64)}"`),
  "redirects to itself": () => redirect(({ path }) => path),
  "redirects ever further": () => redirect(({ path, number }) => `${path}?${number}`),
  "redirects to a file": () => redirect(() => "file:///etc/passwd"),
  "redirects to no address": (_, __, rng) =>
    redirect(() => ["javascript:alert(1)", "http://[", "//", "data:,a"][rng.integer(4)] as string),
};

export type HostileHost = {
  /** Without a slash at its end. */
  readonly origin: string;
  /** The heads of requests since it was last told how to answer. */
  readonly heads: readonly string[];
  answerBy(answer: Answer): void;
  close(): void;
};

export async function openHost(): Promise<HostileHost> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  let answer: Answer = (socket) => socket.destroy();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
    let text = "";
    socket.on("data", (part) => {
      text += part.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const asked = text.slice(0, end);
        text = text.slice(end + 4);
        heads.push(asked);
        answer(socket, { head: asked, path: asked.split(" ")[1]?.split("?")[0] ?? "/", number: heads.length });
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heads,
    answerBy(next) {
      heads.length = 0;
      answer = next;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
