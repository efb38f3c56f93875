// Code of a page that belongs to another host than Node: a browser, or a worker that takes WebAssembly as a file.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { launchChromium, visit } from "../browser/chromium.ts";
import { serveFolder } from "../browser/serve.ts";
import { runModule } from "./code.ts";

/** Runs code in a page of Chromium that has `file`, a photograph that was dropped. Throws what it throws. */
export async function runInBrowser(code: string, folder: string): Promise<void> {
  const server = await serveFolder(folder, { isolated: true });
  const browser = await launchChromium();
  try {
    writeFileSync(join(folder, "index.html"), "<!doctype html><title>beitjs</title>");
    const { page } = await visit(browser, server.url);
    await page.evaluate(`(async () => { const file = await (await fetch("photo.jpg")).blob();\n${code} })()`);
  } finally {
    await browser.close();
    await server.close();
  }
}

// As a bundler for such hosts does it: `import x from "….wasm"` is a WebAssembly.Module.
const hooks = `
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
export async function load(url, context, next) {
  if (!url.endsWith(".wasm")) return next(url, context);
  const bytes = [...await readFile(fileURLToPath(url))];
  return { format: "module", shortCircuit: true, source: \`export default new WebAssembly.Module(Uint8Array.from(\${JSON.stringify(bytes)}))\` };
}
`;

/** Runs a module whose imports of wasm files are compiled modules. */
export async function runInWorker(code: string, folder: string): Promise<void> {
  writeFileSync(join(folder, "hooks.mjs"), hooks);
  writeFileSync(
    join(folder, "register.mjs"),
    `import { register } from "node:module";\nregister("./hooks.mjs", import.meta.url);\n`,
  );
  await runModule(code, folder, ["--import", "./register.mjs"]);
}
