// The tokenizer that comes along, as the bytes of its file: what `loadTokenizer("small")` loads at run time, for hosts where
// `import()` is forbidden (service workers) and an import at the head of a module is not.
import { smallModel } from "./generated/small-model.ts";

// Node and browsers have it; packages compile without the types of either.
declare const atob: (base64: string) => string;

/**
 * A safetensors file.
 *
 * @example
 * const tokenizer = loadTokenizer(smallTokenizerBytes(), backend);
 */
export function smallTokenizerBytes(): Uint8Array {
  return Uint8Array.from(atob(smallModel), (character) => character.charCodeAt(0));
}
