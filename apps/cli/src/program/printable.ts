// Text out of files that somebody else wrote, for a terminal: what would move its cursor or color it is shown instead, and what would
// fill it is cut.

const MOST_CHARACTERS = 1000;

/** Control characters as `\u001b`; of more than 1,000 characters, the first. */
export function printable(text: string): string {
  const shown = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)` : text;
  return shown.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
