// Writes the part of Fashion-MNIST that ships with the command line tool: 12,000 training and 2,000 test images.
//   node --import jiti/register tools/make-fashion-mnist.ts <folder with the original .gz files> [output folder]
// Selection: the first 1,200 (training) and first 200 (test) images of each class, kept in the original order.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { parseIdxImages, parseIdxLabels } from "../packages/trainers/src/data/idx.ts";

const CLASSES = [
  "T-shirt/top",
  "Trouser",
  "Pullover",
  "Dress",
  "Coat",
  "Sandal",
  "Shirt",
  "Sneaker",
  "Bag",
  "Ankle boot",
];
const SPLITS = [
  { stem: "train", perClass: 1200 },
  { stem: "t10k", perClass: 200 },
] as const;

const LICENSE = `The MIT License (MIT) Copyright © 2017 Zalando SE, https://tech.zalando.com

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

const [source, target = fileURLToPath(new URL("../apps/cli/data/fashion-mnist/", import.meta.url))] =
  process.argv.slice(2);
if (source === undefined) {
  throw new Error(
    "[make-fashion-mnist] expected the folder with the original files as the first argument, got nothing",
  );
}
mkdirSync(target, { recursive: true });
const sums = SPLITS.flatMap(({ stem, perClass }) => writeSplit(stem, perClass));
writeFileSync(join(target, "classes.txt"), `${CLASSES.join("\n")}\n`);
writeFileSync(join(target, "README.md"), readme(sums));

function writeSplit(stem: string, perClass: number): string[] {
  const [imageName, labelName] = [`${stem}-images-idx3-ubyte.gz`, `${stem}-labels-idx1-ubyte.gz`];
  const images = parseIdxImages(gunzipSync(readFileSync(join(source, imageName))), imageName);
  const labels = parseIdxLabels(gunzipSync(readFileSync(join(source, labelName))), labelName);
  const chosen = firstOfEachClass(labels, perClass);
  const size = images.rows * images.columns;
  const header = (magic: number, ...sizes: number[]) => Buffer.from(Uint32Array.of(magic, ...sizes).buffer).swap32();
  const pixels = chosen.map((index) => images.data.subarray(index * size, (index + 1) * size));
  return [
    write(imageName, Buffer.concat([header(0x803, chosen.length, images.rows, images.columns), ...pixels])),
    write(labelName, Buffer.concat([header(0x801, chosen.length), Uint8Array.from(chosen, (index) => labels[index])])),
  ];
}

function firstOfEachClass(labels: Uint8Array, perClass: number): number[] {
  const counts = new Array<number>(CLASSES.length).fill(0);
  const chosen: number[] = [];
  for (const [index, label] of labels.entries()) {
    if (counts[label]++ < perClass) chosen.push(index);
  }
  if (chosen.length !== perClass * CLASSES.length) {
    throw new Error(`[make-fashion-mnist] expected ${perClass} images of every class, got ${counts.join(", ")}`);
  }
  return chosen;
}

// The header's system byte differs between platforms; 255 means unknown. zlib writes no time.
function write(name: string, bytes: Buffer): string {
  const zipped = gzipSync(bytes, { level: 9 });
  zipped[9] = 255;
  writeFileSync(join(target, name), zipped);
  const [file, content] = [zipped, bytes].map((part) => createHash("sha256").update(part).digest("hex"));
  return `${name} (${zipped.length} bytes)\n  file    ${file}\n  content ${content}`;
}

function readme(lines: readonly string[]): string {
  return `# Fashion-MNIST, 12,000 + 2,000 images

A part of Fashion-MNIST (Xiao, Rasul and Vollgraf 2017, "Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine
Learning Algorithms", arXiv 1708.07747), from https://github.com/zalandoresearch/fashion-mnist. Grey images of 28 x 28
pixels in ten classes, in the IDX format of MNIST; \`classes.txt\` names the classes in the order of the labels.

The training files hold the first 1,200 images of each class of the original 60,000, the test files (\`t10k\`) the first 200
of each class of the original 10,000, both in the original order and with unchanged pixels. No image of the original test
set is in the training files. Results on this part are not comparable with published ones on the whole.

Made from the original files by \`node --import jiti/register tools/make-fashion-mnist.ts <folder>\`. SHA-256 of the files and of
their decompressed content:

\`\`\`
${lines.join("\n")}
\`\`\`

## License of the data

${LICENSE}
`;
}
