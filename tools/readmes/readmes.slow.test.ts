// Every example of READMEs and guides does what a reader expects: the code compiles and runs, in the order printed and on a
// reader's own small files, with the packages that the page says to install; the commands run too.
import { rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "../../apps/cli/src/commands/index.ts";
import { misuse } from "../../apps/cli/src/testing/misuse.ts";
import { hasSoftwareGpu } from "../software-gpu/driver.ts";
import { importsOf, problemsOf, runCode } from "./code.ts";
import { isKnown, linesOf, runLine } from "./commands.ts";
import { folderFor, prepareFiles } from "./folder.ts";
import { runInBrowser, runInWorker } from "./hosts.ts";
import { readPages, type Block } from "./pages.ts";

const pages = readPages();
const isShell = ({ language }: Block): boolean => language === "sh";
const isRun = (block: Block): boolean => isShell(block) && block.notRun === undefined;
const isCode = ({ language }: Block): boolean => language === "ts";

let files: string;
beforeAll(async () => {
  files = await prepareFiles();
});
afterAll(() => rmSync(files, { recursive: true, force: true }));

describe.each(pages.filter(({ blocks, mentions }) => blocks.length + mentions.length > 0))("$path", (page) => {
  const { blocks, mentions, installed } = page;
  const code = blocks.filter(isCode);
  let folder: string;
  beforeAll(() => {
    folder = folderFor(page, files);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  if (code.length > 0) it("shows code that compiles", () => expect(problemsOf(page)).toEqual([]));

  it("says to install what its code imports and its commands run", () => {
    const beit = blocks.some((block) => isRun(block) && linesOf(block).some((line) => line.startsWith("beit ")));
    const needed = [...importsOf(page), ...(beit ? ["@beitjs/cli"] : [])];
    expect(needed.filter((name) => !installed.includes(name))).toEqual([]);
  });

  const examples = mentions.filter(
    (line) => /\s/.test(line) && !/\b[A-Z]{2,}\b/.test(line) && misuse(line) === undefined,
  );
  it("names commands and flags that exist", () => expect(mentions.filter((line) => !isKnown(line))).toEqual([]));

  // Commands make what code below them reads.
  const lastCode = blocks.findLastIndex(isCode);
  for (const [i, block] of blocks.entries()) {
    if (isShell(block)) itRuns(block);
    if (i === lastCode)
      it("shows code that runs", async () => expect(await runCode(page, folder)).toBe(promises[page.path] ?? 0));
    if (block.runIn === "browser")
      it.runIf(hasSoftwareGpu)("shows code that runs in a browser", () => runInBrowser(block.text, folder));
    if (block.runIn === "worker") it("shows code that runs in a worker", () => runInWorker(block.text, folder));
  }
  for (const line of examples) it(`beit ${line}`, () => runLine(`beit ${line}`, folder));

  function itRuns(block: Block): void {
    for (const line of linesOf(block)) {
      if (block.notRun === undefined) it(line, () => runLine(line, folder));
      else if (line.startsWith("beit ")) {
        it(`${line}, with flags that exist`, () => expect(isKnown(line.slice("beit ".length))).toBe(true));
      }
    }
  }
});

/** Shapes and numbers in comments that are checked, by page. */
const promises: Readonly<Record<string, number>> = {
  "README.md": 7,
  "packages/beit-encoder/README.md": 3,
  "packages/dvae-tokenizer/README.md": 3,
  "packages/masking/README.md": 1,
  "packages/tensor-core/README.md": 1,
  "docs/guides/tokenize-at-the-edge.md": 3,
  "docs/guides/use-a-model.md": 2,
};

it("blocks that are not run are these", () => {
  const marked = pages.flatMap(({ path, blocks }) =>
    blocks.flatMap(({ notRun }) => (notRun === undefined ? [] : [`${path}: ${notRun}`])),
  );
  expect(marked).toEqual([
    "packages/beit-encoder/README.md: a model of DINOv2",
    "packages/tensor-core/README.md: a GPU",
    "docs/guides/fine-tune.md: data of ImageNet's size",
    "docs/guides/use-a-model.md: a page",
    "docs/guides/write-a-kernel.md: an op that the reader writes",
    "docs/guides/write-a-kernel.md: an op that the reader writes",
    "docs/tensorflow.md: TensorFlow's addon",
    "docs/tensorflow.md: TensorFlow's addon",
  ]);
});

it("every block of code is of a language that is run", () => {
  const others = pages.flatMap(({ path, blocks }) =>
    blocks.flatMap(({ language, line, runIn }) =>
      ["ts", "sh", "yaml", ""].includes(language) || runIn !== undefined ? [] : [`${path}:${line}: ${language}`],
    ),
  );
  expect(others).toEqual([]);
});

it("examples of --help can be run as printed", () => {
  const wrong = commands.map(({ example }) => [example, misuse(example.replace(/^beit /, ""))]);
  expect(wrong.filter(([, problem]) => problem !== undefined)).toEqual([]);
});

it.each([
  ["const x = { shape: [1, 2] }; // [1, 3]", "expected x of shape [1, 3], got [1, 2]"],
  ["const x = { shape: [2, 3] }; // [B, N] -> [S, S]", "expected x of shape [S, S], got [2, 3]"],
  ["console.log(0.456); // 0.45", "expected 0.456 to be 0.45, got 0.456"],
  ["throw new Error('not so');", "not so"],
])("an example that does not keep its promise fails: %s", async (text, message) => {
  const page = { path: "x.md", blocks: [{ language: "ts", text, line: 1 }], mentions: [], installed: [] };
  await expect(runCode(page, files)).rejects.toThrow(message);
});
