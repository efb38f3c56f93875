// Workers are bundled from the packages' sources into one file of JavaScript, so that neither a transpiler's memory nor
// its code is measured with them, and no build of the packages is needed.
import { mkdtempSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { root, type Command } from "./processes.ts";

let folder: string | undefined;

/**
 * Bundles a worker; the bundle is deleted when this process ends. Gives the command to run it with settings.
 *
 * @param options.external packages that cannot be bundled because they have native parts
 */
export async function bundleWorker(
  url: URL,
  { external = [] }: { readonly external?: readonly string[] } = {},
): Promise<(settings: object) => Command> {
  const file = fileURLToPath(url);
  const outDir = (folder ??= temporaryFolder());
  const name = `${basename(dirname(file))}-${basename(file, ".ts")}`;
  await build({
    root,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@beitjs/source"] },
    ssr: { noExternal: true, external: [...external], resolve: { conditions: ["@beitjs/source"] } },
    build: {
      ssr: file,
      outDir,
      emptyOutDir: false,
      minify: false,
      target: "node20",
      rollupOptions: { output: { entryFileNames: `${name}.mjs`, codeSplitting: false } },
    },
  });
  const bundle = join(outDir, `${name}.mjs`);
  return (settings) => [process.execPath, bundle, JSON.stringify(settings)];
}

// Below node_modules, so that what stays outside of a bundle is found from there.
function temporaryFolder(): string {
  const made = mkdtempSync(join(root, "node_modules", ".beitjs-bench-"));
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  return made;
}
