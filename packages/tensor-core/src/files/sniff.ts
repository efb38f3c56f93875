// What a file is, from its ends alone.
import { readSourceRanges } from "./ranges.ts";
import type { FileSource } from "./source.ts";
import { sniffRanges } from "../pickle/sniff.ts";
import type { FileKind } from "../pickle/sniff.ts";

/**
 * What a file is by its content, never by its name: reads 512 bytes, and the last MiB of a zip archive.
 *
 * ```ts
 * await sniffSource(blobSource(file)); // "safetensors", "torch-zip", "html" ...
 * ```
 */
export function sniffSource(source: FileSource): Promise<FileKind> {
  return readSourceRanges(sniffRanges(source.size), source);
}
