// Runs a module in a worker of a page in headless Chromium, on WebGPU's software driver, and gives what it posts back.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleForBrowser } from "./bundle.ts";
import { launchChromium, visit } from "./chromium.ts";
import { serveFolder } from "./serve.ts";

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
  const folder = mkdtempSync(join(tmpdir(), "beitjs-worker-"));
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>beitjs</title>");
  writeFileSync(join(folder, "worker.js"), await bundle(fileURLToPath(entry)));
  const server = await serveFolder(folder, { isolated });
  const browser = await launchChromium();
  try {
    const { page } = await visit(browser, server.url);
    return await page.evaluate<Outcome>(firstMessage(milliseconds));
  } finally {
    await browser.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

// Text, since the repository is not typed for the browser.
const firstMessage = (milliseconds: number): string => `new Promise((resolve, reject) => {
  const fail = (reason) => reject(new Error("[runInChromium] " + reason));
  const worker = new Worker("worker.js", { type: "module" });
  worker.onmessage = ({ data }) => resolve({ result: data, isolated: crossOriginIsolated });
  worker.onerror = ({ message, filename, lineno }) => fail("the worker failed: " + message + " at " + filename + ":" + lineno);
  setTimeout(() => fail("expected a result within ${milliseconds} ms, got none"), ${milliseconds});
})`;

async function bundle(entry: string): Promise<string> {
  const chunks = (await bundleForBrowser(entry)).filter((file) => file.type === "chunk");
  if (chunks.length !== 1) throw new Error(`[runInChromium] expected one file of code, got ${chunks.length}`);
  return chunks[0].code;
}
