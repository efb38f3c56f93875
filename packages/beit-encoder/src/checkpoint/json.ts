// JSON that lies beside weights, or in their metadata.
import { readWhole, type FileSource } from "@beitjs/tensor-core/files";

// The language's own library has no name for it, though every host does.
declare const TextDecoder: { new (label: string, options: { fatal: boolean }): { decode(bytes: Uint8Array): string } };

const maxBytes = 50_000_000;

/** @throws `[openBeit] expected <name> to be JSON, got …` */
export async function readJson(source: FileSource): Promise<object> {
  if (source.size > maxBytes) {
    throw new Error(`[openBeit] expected ${source.name} of at most ${maxBytes} bytes, got ${source.size}`);
  }
  const bytes = await readWhole(source);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`[openBeit] expected ${source.name} to be JSON, got bytes that are no UTF-8`, { cause });
  }
  return parseJson(text, source.name);
}

export function parseJson(text: string, name: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`[openBeit] expected ${name} to be JSON, got ${JSON.stringify(text.slice(0, 40))}`, { cause });
  }
  if (typeof value === "object" && value !== null) return value;
  throw new Error(`[openBeit] expected ${name} to be a JSON object, got ${JSON.stringify(value).slice(0, 40)}`);
}
