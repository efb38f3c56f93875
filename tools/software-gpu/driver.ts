// SwiftShader, a Vulkan driver that runs on the processor, from the archive inside @sparticuz/chromium: WebGPU in tests
// on machines without a GPU. No install script runs and nothing is downloaded.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

/** Files of the driver: the library, the description that names it, and the loader that Dawn asks for. */
const files = ["libvk_swiftshader.so", "vk_swiftshader_icd.json", "libvulkan.so.1"] as const;

export type SoftwareGpu = { readonly folder: string; readonly description: string };

/** Whether this machine can run the driver: the archive holds linux-x64 libraries only. */
export const hasSoftwareGpu = process.platform === "linux" && process.arch === "x64";

/**
 * Unpacks the driver into `cache`, once per version of the package: written under another name, then renamed, so that
 * processes that unpack at the same time do not see half a file.
 */
export function unpackSoftwareGpu(cache: string): SoftwareGpu {
  const { archive, version } = locateArchive();
  const folder = join(cache, `swiftshader-${version}`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}-${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    const contents = readTar(brotliDecompressSync(readFileSync(archive)));
    for (const name of files) {
      const bytes = contents.get(name);
      if (!bytes) throw new Error(`[unpackSoftwareGpu] expected ${name} in ${archive}, got ${[...contents.keys()]}`);
      writeFileSync(join(unfinished, name), bytes, { mode: 0o755 });
    }
    publish(unfinished, folder);
  }
  return { folder, description: join(folder, "vk_swiftshader_icd.json") };
}

function publish(unfinished: string, folder: string): void {
  try {
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true });
    // Another process was faster: its files are the same.
    if (!existsSync(folder)) throw error;
  }
}

function locateArchive(): { archive: string; version: string } {
  const { resolve } = createRequire(import.meta.url);
  const root = join(dirname(resolve("@sparticuz/chromium")), "..", "..");
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return { archive: join(root, "bin", "swiftshader.tar.br"), version };
}

// Regular files of a ustar archive by their last name; headers of 512 bytes, sizes in octal, contents padded to 512.
function readTar(tar: Uint8Array): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const text = (at: number, length: number): string =>
    Buffer.from(tar.subarray(at, at + length))
      .toString("latin1")
      .replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const size = parseInt(text(at + 124, 12), 8);
    const name = text(at, 100).split("/").at(-1) ?? "";
    if (["0", ""].includes(text(at + 156, 1))) found.set(name, tar.subarray(at + 512, at + 512 + size));
    at += 512 * (1 + Math.ceil(size / 512));
  }
  return found;
}
