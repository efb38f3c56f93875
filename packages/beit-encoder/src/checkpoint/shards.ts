// A checkpoint in several files with an index that says which tensor lies in which.
// (transformers, model.safetensors.index.json)
import { firstOf } from "@beitjs/tensor-core/files";

/**
 * @internal All tensors of the files. The index must tell the truth: every tensor it names lies in the file it names, and
 * every file has only tensors that the index gives to it.
 *
 * @param index the parsed index
 * @param open tensors of a file by the name that the index has for it; undefined if there is no such file
 * @returns tensors in the order of the index
 * @throws `[openBeit] expected …, got …` with the files or tensors; what `open` throws
 */
export async function mergeShards<Tensor>(
  index: object,
  open: (file: string) => Promise<ReadonlyMap<string, Tensor> | undefined>,
): Promise<Map<string, Tensor>> {
  const fileOf = weightMap(index);
  const shards = new Map<string, ReadonlyMap<string, Tensor>>();
  const absent: string[] = [];
  for (const file of new Set(fileOf.values())) {
    const tensors = await open(file);
    if (tensors) shards.set(file, tensors);
    else absent.push(file);
  }
  refuseAny("all files of the index", "without", absent);
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
  return new Map([...fileOf].map(([name, file]) => [name, shards.get(file)?.get(name) as Tensor]));
}

function weightMap(index: object): Map<string, string> {
  const map = new Map<string, unknown>(Object.entries(index)).get("weight_map");
  if (typeof map !== "object" || map === null || Array.isArray(map)) {
    throw new Error(`[openBeit] expected weight_map to be an object, got ${firstOf([JSON.stringify(map) ?? "none"])}`);
  }
  const entries = Object.entries(map as Record<string, unknown>);
  for (const [name, file] of entries) {
    if (typeof file === "string") continue;
    const [path, got] = [firstOf([`weight_map.${name}`]), firstOf([JSON.stringify(file)])];
    throw new Error(`[openBeit] expected ${path} to be a file name, got ${got}`);
  }
  return new Map(entries as [string, string][]);
}

function refuseAny(expected: string, relation: "also" | "without", found: readonly string[]): void {
  if (found.length > 0) throw new Error(`[openBeit] expected ${expected}, got them ${relation} ${firstOf(found)}`);
}
