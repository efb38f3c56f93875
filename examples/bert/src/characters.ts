// The vocabulary: BERT's special tokens, then the characters of the texts.

/** Ids of the special tokens; a character that the texts did not have is `unknown`. */
export const special = { cls: 0, sep: 1, mask: 2, unknown: 3 } as const;
const SPECIAL_COUNT = Object.keys(special).length;

export type Characters = {
  /** Special tokens and characters. */
  readonly vocabSize: number;
  encode(text: string): Int32Array;
  decode(tokens: ArrayLike<number>): string;
};

/** Every character of these texts, the commonest first. */
export function charactersOf(texts: readonly string[]): Characters {
  const counts = new Map<string, number>();
  for (const text of texts) for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  const ordered = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([character]) => character);
  const ids = new Map(ordered.map((character, i) => [character, SPECIAL_COUNT + i]));
  const names = ["[CLS]", "[SEP]", "[MASK]", "[UNK]", ...ordered];
  return {
    vocabSize: names.length,
    encode: (text) => Int32Array.from([...text], (character) => ids.get(character) ?? special.unknown),
    decode: (tokens) => Array.from(tokens, (token) => names[token]).join(""),
  };
}
