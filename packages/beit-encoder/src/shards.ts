// A checkpoint in several safetensors files with an index that says which tensor lies in which.
// (transformers, model.safetensors.index.json)
import { readSafetensors, type SafeTensor } from "@beitjs/tensor-core/safetensors";

/**
 * All tensors of the files. The index must tell the truth: every tensor it names lies in the file it names, and every
 * file has only tensors that the index gives to it.
 *
 * @param index the parsed index
 * @param files bytes by the name that the index has for them
 * @returns tensors in the order of the index, as views of the files
 * @throws `[mergeShards] expected …, got …` with the files or tensors; what `readSafetensors` throws for damaged files
 */
export function mergeShards(index: object, files: ReadonlyMap<string, Uint8Array>): Map<string, SafeTensor> {
  const fileOf = weightMap(index);
  const named = new Set(fileOf.values());
  refuseAny(
    "all files of the index",
    "without",
    [...named].filter((file) => !files.has(file)),
  );
  refuseAny(
    "only files of the index",
    "also",
    [...files.keys()].filter((file) => !named.has(file)),
  );
  const shards = new Map([...files].map(([file, bytes]) => [file, readSafetensors(bytes).tensors]));
  const missing = [...fileOf].filter(([name, file]) => !shards.get(file)?.has(name));
  refuseAny(
    "every tensor in the file that the index says",
    "without",
    missing.map(([name, file]) => `${name} in ${file}`),
  );
  const foreign = [...shards].flatMap(([file, tensors]) =>
    [...tensors.keys()].filter((name) => fileOf.get(name) !== file).map((name) => `${name} in ${file}`),
  );
  refuseAny("only tensors that the index gives to a file", "also", foreign);
  return new Map([...fileOf].map(([name, file]) => [name, shards.get(file)?.get(name) as SafeTensor]));
}

function weightMap(index: object): Map<string, string> {
  const map = new Map<string, unknown>(Object.entries(index)).get("weight_map");
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new Error(`[mergeShards] expected weight_map to be an object, got ${JSON.stringify(map) ?? "none"}`);
  }
  const entries = Object.entries(map as Record<string, unknown>);
  for (const [name, file] of entries) {
    if (typeof file === "string") continue;
    throw new Error(`[mergeShards] expected weight_map.${name} to be a file name, got ${JSON.stringify(file)}`);
  }
  return new Map(entries as [string, string][]);
}

function refuseAny(expected: string, relation: "also" | "without", found: readonly string[]): void {
  if (found.length > 0) throw new Error(`[mergeShards] expected ${expected}, got them ${relation} ${found.join(", ")}`);
}
