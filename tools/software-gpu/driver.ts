// What is inside @sparticuz/chromium, for tests on machines without a GPU: SwiftShader, a Vulkan driver that runs on the
// processor, and Chromium itself. No install script runs and nothing is downloaded.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

export type SoftwareGpu = { readonly folder: string; readonly description: string };
export type Browser = { readonly folder: string; readonly program: string };

/** Whether this machine can run them: the archives hold linux-x64 programs only. */
export const hasSoftwareGpu = process.platform === "linux" && process.arch === "x64";

/** Unpacks the driver (`libvulkan.so.1` is the loader that Dawn asks for) into `cache`. */
export function unpackSoftwareGpu(cache: string): SoftwareGpu {
  const wanted = ["libvk_swiftshader.so", "vk_swiftshader_icd.json", "libvulkan.so.1"];
  const folder = unpackOnce(cache, "swiftshader", () => {
    const found = readTar(decompress("swiftshader.tar.br"));
    return new Map(wanted.map((name) => [name, expectFile(found, name)]));
  });
  return { folder, description: join(folder, "vk_swiftshader_icd.json") };
}

/** Unpacks Chromium, with the driver and the libraries that a bare system lacks, into `cache`. */
export function unpackChromium(cache: string): Browser {
  const folder = unpackOnce(
    cache,
    "chromium",
    () =>
      new Map([
        ...readTar(decompress("swiftshader.tar.br")),
        ...readTar(decompress("al2023.tar.br")),
        ["chromium", decompress("chromium.br")],
      ]),
  );
  return { folder, program: join(folder, "chromium") };
}

// Once per version of the package: written under another name, then renamed, so that processes that unpack at the same time
// do not see half a file.
function unpackOnce(cache: string, name: string, contents: () => ReadonlyMap<string, Uint8Array>): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string };
  const folder = join(cache, `${name}-${version}`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}-${process.pid}`;
    mkdirSync(unfinished, { recursive: true });
    for (const [file, bytes] of contents()) writeFileSync(join(unfinished, file), bytes, { mode: 0o755 });
    publish(unfinished, folder);
  }
  return folder;
}

function expectFile(found: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  const bytes = found.get(name);
  if (!bytes)
    throw new Error(`[unpackSoftwareGpu] expected ${name} in the archive, got ${[...found.keys()].join(", ")}`);
  return bytes;
}

function decompress(archive: string): Uint8Array {
  return brotliDecompressSync(readFileSync(join(packageRoot(), "bin", archive)));
}

function packageRoot(): string {
  return join(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")), "..", "..");
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
