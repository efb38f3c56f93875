// Lists in messages: what a file holds may be millions of names, each of any length, and a message is for people.

const most = 10;
const longest = 160;

/** The first ten of a list, each cut where it is long, and how many more there are. */
export function firstOf(items: readonly string[], separator = ", "): string {
  const first = items.slice(0, most).map(cut).join(separator);
  return items.length > most ? `${first}${separator}and ${items.length - most} more` : first;
}

function cut(text: string): string {
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
