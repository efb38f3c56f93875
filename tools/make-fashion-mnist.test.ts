// The shipped part of Fashion-MNIST is what its README says, and the script that made it chooses as it claims.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { openDataset } from "../packages/trainers/src/node/open-dataset.ts";

const shipped = fileURLToPath(new URL("../apps/cli/data/fashion-mnist/", import.meta.url));
const script = fileURLToPath(new URL("make-fashion-mnist.ts", import.meta.url));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

it.each([
  ["train", 12000, 1200],
  ["test", 2000, 200],
] as const)("ships a balanced %s split of %d images", async (split, length, perClass) => {
  const dataset = await openDataset(shipped, { split });
  const counts = new Array<number>(10).fill(0);
  for (let index = 0; index < dataset.length; index++) counts[dataset.label(index) as number]++;
  expect([dataset.length, dataset.classes?.[9]]).toEqual([length, "Ankle boot"]);
  expect(counts).toEqual(new Array(10).fill(perClass));
  expect((await dataset.get(0)).image).toMatchObject({ width: 28, height: 28, channels: 1 });
});

it("has the checksums of its README", () => {
  const readme = readFileSync(join(shipped, "README.md"), "utf8");
  const listed = [...readme.matchAll(/^(\S+\.gz) \((\d+) bytes\)\n {2}file {4}(\w+)\n {2}content (\w+)$/gm)];
  expect(listed).toHaveLength(4);
  for (const [, name, length, file, content] of listed) {
    const bytes = readFileSync(join(shipped, name));
    expect([bytes.length, sha256(bytes), sha256(gunzipSync(bytes))]).toEqual([Number(length), file, content]);
  }
});

it("takes the first images of each class, in order", async () => {
  const [source, target] = ["source-", "target-"].map((name) => mkdtempSync(join(tmpdir(), name)));
  // 13,000 images of one pixel; class 3 is rare at first, so that its images come late.
  const labels = Uint8Array.from({ length: 13000 }, (_, i) => (i < 500 && i % 10 === 3 ? 4 : i % 10));
  const header = (magic: number, ...sizes: number[]) => Buffer.from(Uint32Array.of(magic, ...sizes).buffer).swap32();
  for (const stem of ["train", "t10k"]) {
    const pixels = labels.map((_, i) => i % 251);
    writeFileSync(
      join(source, `${stem}-images-idx3-ubyte.gz`),
      gzipSync(Buffer.concat([header(0x803, 13000, 1, 1), pixels])),
    );
    writeFileSync(
      join(source, `${stem}-labels-idx1-ubyte.gz`),
      gzipSync(Buffer.concat([header(0x801, 13000), labels])),
    );
  }
  execFileSync("node", ["--import", "jiti/register", script, source, target]);
  const dataset = await openDataset(target);
  const counts = new Array<number>(10).fill(0);
  const expected = [...labels.keys()].filter((index) => counts[labels[index]]++ < 1200);
  expect(dataset.length).toBe(12000);
  for (const [position, index] of expected.entries()) {
    const { image, label } = await dataset.get(position);
    expect([image.data[0], label]).toEqual([index % 251, labels[index]]);
  }
  for (const folder of [source, target]) rmSync(folder, { recursive: true });
});
