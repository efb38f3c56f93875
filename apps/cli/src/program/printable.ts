// Text that somebody else wrote (names of files, classes and tensors, what a server says, keys of a recipe) for a terminal or a page:
// what would move a cursor, color a line, turn the order of letters or stand there unseen is shown as an escape, and no address
// keeps its secrets. Every line of a command passes through here, in terminal.ts.
import { withoutSecrets } from "@beitjs/tensor-core/address";

const MOST_CHARACTERS = 1000;

// Controls (C0, DEL, C1), halves of surrogate pairs, format characters (bidirectional marks, zero widths, tags, the byte order
// mark) but for the visible signs of Arabic numbers, and the separators of lines and paragraphs.
const unseen = /(?![\u0600-\u0605\u06dd])[\p{Cc}\p{Cs}\p{Cf}\u2028\u2029]/gu;

/** A name for the middle of a line: escapes such as `\u001b`; of more than 1,000 characters, the first. */
export function printable(text: string): string {
  const shown = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)` : text;
  return escapeUnseen(shown);
}

/** A whole line; a newline in it is an escape, too. */
export function printableLine(text: string): string {
  return escapeUnseen(withoutSecrets(text));
}

/** Lines as they are. */
export function printableLines(text: string): string {
  return text.split("\n").map(printableLine).join("\n");
}

/** JSON of one line. Its readers get the same value, and a terminal nothing that it would obey. */
export function printableJson(value: unknown): string {
  const json = JSON.stringify(value, (_, one: unknown) => (typeof one === "string" ? withoutSecrets(one) : one));
  return json.replace(unseen, (character) => units(character).map(escapeUnit).join(""));
}

/** Characters nobody sees, as escapes; with `keep`, all but those. */
export function escapeUnseen(text: string, keep = ""): string {
  return text.replace(unseen, (character) => {
    if (keep.includes(character)) return character;
    return character.length === 1 ? escapeUnit(character) : `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}

function units(character: string): string[] {
  return Array.from({ length: character.length }, (_, i) => character.charAt(i));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
