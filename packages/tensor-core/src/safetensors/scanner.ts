// Reads the JSON of a header token by token. JSON.parse keeps the last of two equal keys and rounds large integers, and a
// header may do neither; the grammar a header needs (objects, arrays, strings, unsigned integers) is small enough to read here.
import { SafetensorsError } from "./error.ts";
import { isWellFormed } from "./utf8.ts";

export interface Scanner {
  /** Reads `{ key: value, ... }`; `onValue` must read the value. A key that comes twice is refused. */
  object(where: string, onValue: (key: string) => void): void;
  /** Reads `[ value, ... ]`; `onItem` must read the value. */
  array(where: string, onItem: (index: number) => void): void;
  string(where: string): string;
  /** Reads a JSON number and gives its text, so that the caller judges sign, fraction and size. */
  number(where: string): string;
  /** Refuses anything but spaces up to the end. */
  end(): void;
}

const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

export function createScanner(text: string): Scanner {
  let at = 0;

  const fail = (expected: string): never => {
    const found = at < text.length ? JSON.stringify(text.slice(at, at + 12)) : "the end";
    throw new SafetensorsError(
      "InvalidHeader",
      `[readSafetensors] expected ${expected} at character ${at} of the header, got ${found}`,
    );
  };
  const next = (): string => {
    while (at < text.length && " \t\n\r".includes(text[at])) at++;
    return text[at] ?? "";
  };
  const take = (symbol: string, where: string): void => {
    if (next() !== symbol) fail(`"${symbol}" (${where})`);
    at++;
  };
  const list = (open: string, close: string, where: string, onEntry: (index: number) => void): void => {
    take(open, where);
    if (next() === close) {
      at++;
      return;
    }
    for (let index = 0; ; index++) {
      onEntry(index);
      if (next() !== ",") break;
      at++;
    }
    take(close, where);
  };

  const scanner: Scanner = {
    object(where, onValue) {
      const seen = new Set<string>();
      list("{", "}", where, () => {
        const key = scanner.string(`a key of ${where}`);
        if (seen.has(key)) {
          const message = `[readSafetensors] expected keys of ${where} to differ, got ${JSON.stringify(key)} twice`;
          throw new SafetensorsError("DuplicateKey", message);
        }
        seen.add(key);
        take(":", where);
        onValue(key);
      });
    },
    array(where, onItem) {
      list("[", "]", where, onItem);
    },
    string(where) {
      if (next() !== '"') fail(`a string (${where})`);
      let end = at + 1;
      while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
      const value = parseString(text.slice(at, end + 1));
      if (value === undefined) return fail(`a well-formed string (${where})`);
      at = end + 1;
      return value;
    },
    number(where) {
      next();
      numberPattern.lastIndex = at;
      const found = numberPattern.exec(text)?.[0];
      if (found === undefined) return fail(`a number (${where})`);
      at += found.length;
      return found;
    },
    end() {
      while (text[at] === " ") at++;
      if (at < text.length) fail("only spaces after the header's closing brace");
    },
  };
  return scanner;
}

// One string token, quotes included: JSON.parse knows the escapes and refuses raw control characters.
function parseString(token: string): string | undefined {
  try {
    const value = JSON.parse(token) as string;
    return isWellFormed(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
