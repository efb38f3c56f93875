// A static server as any host has one, with the headers that the folder asks hosts for or without.
import { createServer, type Server } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

export type StaticServer = { readonly url: string; close(): Promise<void> };

/** Serves a folder; `isolated` with the headers of its file `_headers`, or where it has none those that isolate a page. */
export async function serveFolder(folder: string, { isolated }: { readonly isolated: boolean }): Promise<StaticServer> {
  const headers = {
    // Hosts of models let other pages read them.
    "Access-Control-Allow-Origin": "*",
    ...(isolated && (await headersOf(folder))),
  };
  const server: Server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname));
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    readFile(file).then(
      (bytes) => {
        response.writeHead(200, { ...headers, "Content-Type": types[extname(file)] ?? "application/octet-stream" });
        response.end(bytes);
      },
      () => response.writeHead(404, headers).end("not found"),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function headersOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const text = await readFile(join(folder, "_headers"), "utf8").catch(() => undefined);
  if (text === undefined) {
    return { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  }
  const lines = text.split("\n").filter((line) => line.startsWith("  "));
  return Object.fromEntries(lines.map((line) => line.trim().split(/: (.*)/, 2)));
}
