// Compiles the measurement of the machine's ceiling (assembly/ceiling.ts), with the instructions of a build.
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import type { SimdBuild } from "@beitjs/tensor-core/simd";

/** Its wasm, in base64. */
export async function compileCeiling(build: SimdBuild): Promise<string> {
  let binary: Uint8Array | undefined;
  const folder = fileURLToPath(new URL("../assembly/", import.meta.url));
  const features = build === "base" ? "simd" : "simd,relaxed-simd";
  const flags = ["--baseDir", folder, "--outFile", "out.wasm", "--runtime", "stub", "-O3", "--noAssert"];
  const { error, stderr } = await asc.main(["ceiling.ts", ...flags, "--initialMemory", "0", "--enable", features], {
    writeFile: (_, contents) => void (binary = typeof contents === "string" ? Buffer.from(contents) : contents),
  });
  if (error !== null) throw new Error(`[compileCeiling] the build ${build} failed: ${error.message}\n${stderr}`);
  if (binary === undefined) throw new Error(`[compileCeiling] expected wasm from the build ${build}, got none`);
  return Buffer.from(binary).toString("base64");
}
