// Writes the emoji that ship with the command line tool: Google's and Twitter's drawings as a sheet of 32 x 32 pixels each.
//   node --import jiti/register tools/make-emoji.ts [output folder]
// The originals are two packages of 65 MB, of which 4 MB are used once: they are fetched at a pinned version and checked here, and are no
// dependencies that everyone installs.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";

const VERSION = "16.0.0";
const STYLES = {
  google: "sha512-ZRexfzs7MVoLnmzZmNsO4TKhnAJp5D++Vm6PpUpH/jEQQlemp3l88CjZ+DoZ2faM9R4QxZkOPJCoT8DlPhfQ3A==",
  twitter: "sha512-7F+uCuHH+7Qnrc15P5tnbvKkg9E6tlzi4MnT2uW1RlN4pLYTza6cP/dstIfSDMtpjFLWuZewWg8jBbuL2eyELQ==",
} as const;
type Style = keyof typeof STYLES;

/** Unicode's groups, without that of components (hair and skin alone). */
const GROUPS = [
  "Smileys & Emotion",
  "People & Body",
  "Animals & Nature",
  "Food & Drink",
  "Travel & Places",
  "Activities",
  "Objects",
  "Symbols",
  "Flags",
];
const SIZE = 32;
const COLUMNS = 44;

type Emoji = {
  readonly short_name: string;
  readonly image: string;
  readonly category: string;
  readonly sort_order: number;
  readonly has_img_google: boolean;
  readonly has_img_twitter: boolean;
};

const [target = fileURLToPath(new URL("../apps/cli/data/emoji/", import.meta.url))] = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), "emoji-"));
try {
  mkdirSync(target, { recursive: true });
  const styles = Object.keys(STYLES) as Style[];
  const folders = Object.fromEntries(styles.map((style) => [style, unpacked(style)])) as Record<Style, string>;
  const emoji = (JSON.parse(readFileSync(join(folders.google, "emoji.json"), "utf8")) as Emoji[])
    .filter((one) => GROUPS.includes(one.category) && one.has_img_google && one.has_img_twitter)
    .sort((a, b) => a.sort_order - b.sort_order);
  const sums: string[] = [];
  for (const style of styles) {
    const images = emoji.map(({ image }) => join(folders[style], "img", style, "64", image));
    sums.push(write(`${style}.png`, await sheet(images)));
  }
  const rows = emoji.map(({ short_name, category }) => JSON.stringify([short_name, GROUPS.indexOf(category)]));
  const index = `{\n"size": ${SIZE},\n"columns": ${COLUMNS},\n"groups": ${JSON.stringify(GROUPS)},\n"emoji": [\n${rows.join(",\n")}\n]}\n`;
  sums.push(write("emoji.json", Buffer.from(index)));
  // TypeScript's is the text of the Apache License 2.0 and no more.
  const licence = readFileSync(
    fileURLToPath(new URL("../node_modules/typescript/LICENSE.txt", import.meta.url)),
    "utf8",
  );
  writeFileSync(join(target, "LICENSE-Apache-2.0.txt"), licence.replaceAll("\r\n", "\n"));
  writeFileSync(join(target, "README.md"), readme(emoji.length, sums));
} finally {
  rmSync(work, { recursive: true });
}

// The folder of a package that is what it was when this was written.
function unpacked(style: Style): string {
  const name = `emoji-datasource-${style}`;
  execFileSync("npm", ["pack", `${name}@${VERSION}`, "--silent", "--pack-destination", work]);
  const archive = join(work, `${name}-${VERSION}.tgz`);
  const got = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
  if (got !== STYLES[style]) throw new Error(`[make-emoji] ${name}@${VERSION}: expected ${STYLES[style]}, got ${got}`);
  const folder = join(work, style);
  mkdirSync(folder);
  execFileSync("tar", ["xzf", archive, "-C", folder]);
  return join(folder, "package");
}

// Row by row on white, as a model of three channels sees no transparency.
async function sheet(paths: readonly string[]): Promise<Buffer> {
  const cells = await Promise.all(
    paths.map(async (path, i) => ({
      input: await sharp(path).flatten({ background: "#fff" }).resize(SIZE, SIZE, { kernel: "cubic" }).png().toBuffer(),
      left: (i % COLUMNS) * SIZE,
      top: Math.floor(i / COLUMNS) * SIZE,
    })),
  );
  const [width, height] = [COLUMNS * SIZE, Math.ceil(paths.length / COLUMNS) * SIZE];
  return sharp({ create: { width, height, channels: 3, background: "#fff" } })
    .composite(cells)
    .removeAlpha()
    .png({ compressionLevel: 9, adaptiveFiltering: true })
    .toBuffer();
}

function write(name: string, bytes: Buffer): string {
  writeFileSync(join(target, name), bytes);
  return `${name} (${bytes.length} bytes)\n  ${createHash("sha256").update(bytes).digest("hex")}`;
}

function readme(count: number, lines: readonly string[]): string {
  return `# Emoji, drawn by Google and by Twitter

The ${count.toLocaleString("en-US")} emoji of Unicode 16 that have a group and no skin tone of their own, each twice: as Noto Emoji (Google, \`google.png\`) and as
Twemoji (Twitter, \`twitter.png\`). A sheet has ${COLUMNS} columns of ${SIZE} x ${SIZE} pixels, row by row in Unicode's order; \`emoji.json\` names the
nine groups, which are the classes, and has name and group of every emoji in the same order.

Of every group the emoji at even places (from 0) are to learn from, those at odd places to measure on. \`beit demo --data emoji\`:

 * pre-trains, without labels, on all of Google's drawings and on Twitter's of the even places;
 * fine-tunes on ten labels a group, of Google's drawings at even places;
 * measures on Twitter's drawings at odd places: no stage has seen these, and no label of Twitter's style was used.

Made by \`node --import jiti/register tools/make-emoji.ts\` from the npm packages \`emoji-datasource-google\` and \`emoji-datasource-twitter\`
${VERSION} (Cal Henderson, https://github.com/iamcal/emoji-data, MIT). SHA-256:

\`\`\`
${lines.join("\n")}
\`\`\`

## Licences of the drawings

 * \`google.png\`: Noto Emoji, copyright Google Inc., https://github.com/googlefonts/noto-emoji, Apache License 2.0
   (\`LICENSE-Apache-2.0.txt\`). Changed: put on white, reduced from 64 x 64 to ${SIZE} x ${SIZE} pixels, arranged in a sheet.
 * \`twitter.png\`: Twemoji, copyright Twitter, Inc. and other contributors, https://github.com/jdecked/twemoji, Creative Commons
   Attribution 4.0 International, https://creativecommons.org/licenses/by/4.0/. Changed: put on white, reduced from 64 x 64 to
   ${SIZE} x ${SIZE} pixels, arranged in a sheet.
 * \`emoji.json\`: names and groups from emoji-data, copyright 2013 Cal Henderson, MIT License:

   Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
   "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
   distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
   the following conditions: The above copyright notice and this permission notice shall be included in all copies or substantial portions
   of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
   WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS
   BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
   CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;
}
