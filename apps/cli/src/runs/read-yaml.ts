// YAML of a file that anybody may have written: no pipe or device is waited for, and neither its length, its depth, its aliases nor
// its number of keys takes longer than a moment. JSON is YAML.
import { promises as files } from "node:fs";
import { isScalar, LineCounter, parseDocument, visit, type Document } from "yaml";
import { usageError } from "../program/exit-codes.ts";

/** Of a recipe, which has a few thousand. */
const MOST_BYTES = 64 << 10;
/** Brackets and indents within one another; the parser calls itself at each. */
const MOST_DEPTH = 100;
const MOST_ALIASES = 100;

/**
 * The text of a file.
 *
 * @throws a usage error that begins with `subject`
 */
export async function readYamlText(subject: string, path: string): Promise<string> {
  try {
    // Before it is opened: a pipe that nobody writes to would never open.
    const stats = await files.stat(path);
    if (!stats.isFile()) {
      throw usageError(`${subject}: expected a file, got ${stats.isDirectory() ? "a folder" : "a pipe or a device"}`);
    }
    if (stats.size > MOST_BYTES) {
      throw usageError(`${subject}: expected at most ${MOST_BYTES} bytes, got ${stats.size}`);
    }
    return await files.readFile(path, "utf8");
  } catch (error) {
    if ((error as { exitCode?: unknown }).exitCode !== undefined) throw error;
    const reason = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw usageError(`${subject}: cannot be read: ${reason}`, error);
  }
}

/**
 * The value of a text.
 *
 * @throws a usage error with the line
 */
export function parseYaml(name: string, text: string): unknown {
  try {
    if (depthOf(text) > MOST_DEPTH) throw new Error(`expected at most ${MOST_DEPTH} levels, got more`);
    const lineCounter = new LineCounter();
    // The parser's own search for equal keys compares each with each, and it draws the line of every error that it finds.
    const document = parseDocument(text, { lineCounter, uniqueKeys: false, prettyErrors: false });
    const [error] = document.errors;
    if (error) throw new Error(error.message.split("\n")[0] + placeIn(lineCounter, error.pos[0]));
    refuseEqualKeys(document, lineCounter);
    return document.toJS({ maxAliasCount: MOST_ALIASES }) as unknown;
  } catch (error) {
    throw usageError(`recipe ${name}: ${(error as Error).message.split("\n")[0]}`, error);
  }
}

function refuseEqualKeys(document: Document, lines: LineCounter): void {
  visit(document, {
    Map(_, map) {
      const keys = new Set<string>();
      for (const { key } of map.items) {
        // As JavaScript has it, 1 and "1" are one key.
        if (!isScalar(key)) throw new Error("expected names as keys, got a list, keys and values, or an alias");
        const name = String(key.value);
        if (keys.has(name)) {
          throw new Error(`Map keys must be unique${placeIn(lines, key.range?.[0] ?? 0)}`);
        }
        keys.add(name);
      }
    },
  });
}

function placeIn(lines: LineCounter, at: number): string {
  const { line, col } = lines.linePos(at);
  return ` at line ${line}, column ${col}:`;
}

/** Brackets that are open and indents that are deep, at most; what stands in quotes counts, too. */
function depthOf(text: string): number {
  let [open, most] = [0, 0];
  for (const character of text) {
    if (character === "[" || character === "{") most = Math.max(most, ++open);
    else if ((character === "]" || character === "}") && open > 0) open--;
  }
  // Levels by indents, or by dashes and question marks on one line: two characters each.
  const deepest = (text.match(/^[ \t\-?:]*/gm) ?? []).reduce((length, begin) => Math.max(length, begin.length), 0);
  return Math.max(most, deepest / 2);
}
