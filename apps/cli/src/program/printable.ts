// Text out of files that somebody else wrote, for a terminal: what would move its cursor or color it is shown instead.

/** Control characters as `\u001b`. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
