// A folder at an address, as a plain host serves it: no lists, no ranges.
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

export type ServedFolder = {
  /** Without a slash at its end. */
  readonly address: string;
  readonly requests: readonly IncomingMessage[];
  close(): void;
};

/** @param allow whether a request may have its file; 401 if not */
export async function serveFolder(
  folder: string,
  allow: (request: IncomingMessage) => boolean = () => true,
): Promise<ServedFolder> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname);
    if (!allow(request)) return void response.writeHead(401).end();
    readFile(join(folder, path)).then(
      (bytes) => response.writeHead(200, { "content-length": bytes.length }).end(bytes),
      () => response.writeHead(404, { "content-type": "text/html" }).end("<html>"),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close };
}
