// What READMEs and guides tell a reader to run: blocks of code and of commands, and commands within sentences and tables.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../", import.meta.url));

export type Block = {
  readonly language: string;
  readonly text: string;
  readonly line: number;
  /** A comment before the block, which readers do not see: `not run: <reason>` or `run in: <place>`. */
  readonly notRun?: string;
  readonly runIn?: string;
};

export type Page = {
  readonly path: string;
  readonly blocks: readonly Block[];
  /** Inline code that begins with `beit`, in the order printed. */
  readonly mentions: readonly string[];
  /** Packages that the page says to install. */
  readonly installed: readonly string[];
};

const fence = /(?:^<!-- (not run|run in): ([^>]+) -->\n+)?^```(\w*)\n(.*?)^```$/gms;

export function readPages(): readonly Page[] {
  const list = (folder: string) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
  const readmes = [...list("packages"), ...list("apps")].map((folder) => `${folder}/README.md`);
  return ["README.md", ...readmes, ...list("docs/guides"), "docs/tensorflow.md", "docs/article.md", "docs/results.md"]
    .filter((path) => path.endsWith(".md") && existsSync(join(root, path)))
    .map(readPage);
}

function readPage(path: string): Page {
  const text = readFileSync(join(root, path), "utf8");
  const blocks = [...text.matchAll(fence)].map((match): Block => {
    const [whole, mark, said, language, code] = match;
    const line = text.slice(0, match.index + whole.indexOf("```")).split("\n").length;
    const marked = mark === undefined ? {} : mark === "not run" ? { notRun: said } : { runIn: said };
    return { language, text: code, line, ...marked };
  });
  const prose = text.replace(fence, "");
  const run = [prose, ...blocks.flatMap((block) => (block.notRun === undefined ? [block.text] : []))].join("\n");
  return {
    path,
    blocks,
    mentions: [...prose.matchAll(/`(?:npx )?beit ([^`<]+)`/g)].map(([, line]) => line),
    installed: [...run.matchAll(/npm install ([^`\n#&]+)/g)].flatMap(([, names]) => packagesOf(names)),
  };
}

function packagesOf(names: string): readonly string[] {
  const words = names.split(/\s+/).filter((word) => /^@?[a-z]/.test(word));
  return words.map((word) => word.replace(/(?<=.)@.*$/, ""));
}
