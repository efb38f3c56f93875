// A module and all it imports, bundled for browsers from the packages' sources.
import { fileURLToPath } from "node:url";
import { build, type Rolldown } from "vite";

export type OutputFile = Rolldown.OutputChunk | Rolldown.OutputAsset;

/** Nothing is written. `root` is where imports are resolved from. */
export async function bundleForBrowser(
  input: string,
  {
    root = fileURLToPath(new URL("../../", import.meta.url)),
    minify = false,
  }: { readonly root?: string; readonly minify?: boolean } = {},
): Promise<readonly OutputFile[]> {
  const result = await build({
    root,
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["@beitjs/source"] },
    build: { write: false, minify, target: "es2022", rolldownOptions: { input } },
  });
  const outputs = (Array.isArray(result) ? result : [result]) as readonly Rolldown.RolldownOutput[];
  return outputs.flatMap(({ output }) => output);
}
