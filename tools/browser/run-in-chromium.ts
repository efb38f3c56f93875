// Runs a module in a worker of a page in headless Chromium, on WebGPU's software driver, and gives what it posts back. The page
// reports to the server that it came from, so no protocol of a debugger is needed.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { unpackChromium } from "../software-gpu/driver.ts";
import { bundleForBrowser } from "./bundle.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export type Outcome = {
  /** What the worker posted. */
  readonly result: unknown;
  /** Whether the page was cross-origin isolated. */
  readonly isolated: boolean;
};

type Options = {
  readonly milliseconds: number;
  /** Whether the server sends the two headers that shared memory takes. */
  readonly isolated?: boolean;
};

/**
 * Bundles the worker `entry` for browsers, starts it, and waits for its first message.
 *
 * @throws if it throws, or posts nothing within `milliseconds`
 */
export async function runInChromium(entry: URL, { milliseconds, isolated = true }: Options): Promise<Outcome> {
  const code = await bundle(fileURLToPath(entry));
  const { server, outcome } = serve(code, isolated);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const profile = mkdtempSync(join(tmpdir(), "beitjs-chromium-"));
  const { folder, program } = unpackChromium(join(root, "node_modules", ".cache"));
  const browser = spawn(
    program,
    [...flags, `--user-data-dir=${profile}`, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`],
    { env: { ...process.env, LD_LIBRARY_PATH: folder, HOME: profile }, stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  browser.stderr.on("data", (text: Buffer) => (said = (said + text.toString()).slice(-4000)));
  const ended = new Promise<void>((resolve) => browser.once("close", () => resolve()));
  try {
    return await Promise.race([
      outcome,
      ended.then(() => Promise.reject(new Error(`[runInChromium] Chromium ended without a result: ${said}`))),
      timeout(milliseconds, () => said),
    ]);
  } finally {
    browser.kill("SIGKILL");
    await ended;
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

const flags = [
  ...["--headless=shell", "--no-sandbox", "--no-zygote", "--no-first-run", "--disable-extensions"],
  ...["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-unsafe-swiftshader"],
];

const page = `<!doctype html><title>beitjs</title><script type="module">
const report = (outcome) => fetch("/outcome", { method: "POST", body: JSON.stringify(outcome) });
const worker = new Worker("/worker.js", { type: "module" });
worker.onmessage = ({ data }) => report({ result: data, isolated: crossOriginIsolated });
worker.onerror = ({ message, filename, lineno }) => report({ error: message + " at " + filename + ":" + lineno });
</script>`;

function serve(code: string, isolated: boolean): { readonly server: Server; readonly outcome: Promise<Outcome> } {
  let settle: (text: string) => void;
  const outcome = new Promise<Outcome>((resolve, reject) => {
    settle = (text) => {
      const { error, ...rest } = JSON.parse(text) as Outcome & { readonly error?: string };
      if (error === undefined) resolve(rest);
      else reject(new Error(`[runInChromium] the worker failed: ${error}`));
    };
  });
  const headers = isolated
    ? { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
    : {};
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method === "POST") {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      response.end();
      settle(Buffer.concat(parts).toString());
      return;
    }
    const isScript = request.url === "/worker.js";
    response.writeHead(200, { ...headers, "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(isScript ? code : page);
  };
  return { server: createServer((request, response) => void answer(request, response)), outcome };
}

function timeout(milliseconds: number, said: () => string): Promise<never> {
  return new Promise((_, reject) =>
    setTimeout(
      () => reject(new Error(`[runInChromium] expected a result within ${milliseconds} ms, got none: ${said()}`)),
      milliseconds,
    ).unref(),
  );
}

async function bundle(entry: string): Promise<string> {
  const chunks = (await bundleForBrowser(entry)).filter((file) => file.type === "chunk");
  if (chunks.length !== 1) throw new Error(`[runInChromium] expected one file of code, got ${chunks.length}`);
  return chunks[0].code;
}
