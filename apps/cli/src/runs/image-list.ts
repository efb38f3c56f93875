// What a run was trained on, in its folder: names, labels and hashes in order, a line of JSON each. The list's own hash stands in
// the run's checkpoints and in the list's name, so that lists before and after a change lie side by side.
import { createHash } from "node:crypto";
import { promises as files } from "node:fs";
import { join } from "node:path";
import type { ListedImage } from "../images/read-images.ts";
import { writeResult } from "./folder.ts";

export type ImageList = {
  readonly classes: readonly string[] | null;
  readonly images: readonly ListedImage[];
};

/** A list as its file's bytes, and their SHA-256. */
export type EncodedList = { readonly bytes: Buffer; readonly digest: string };

const FORMAT = "beitjs-image-list";
const VERSION = 1;

/** The file's name in a run's folder. */
export function listName(digest: string): string {
  return `images-${digest.slice(0, 12)}.jsonl`;
}

/** The same images in the same order make the same bytes. */
export function encodeList({ classes, images }: ImageList): EncodedList {
  const lines = [
    JSON.stringify({ format: FORMAT, version: VERSION, classes, fields: ["name", "label", "sha256"] }),
    ...images.map(({ name, label, sha256 }) => JSON.stringify([name, label, sha256])),
  ];
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
  return { bytes, digest: hashOf(bytes) };
}

/**
 * Keeps a list in a run's folder, which the caller has locked.
 *
 * @throws naming the file if it cannot be written
 */
export async function keepList(folder: string, { bytes, digest }: EncodedList): Promise<void> {
  if (await readList(folder, digest)) return;
  await writeResult(join(folder, listName(digest)), bytes);
}

/** The list of a hash; none if it is not there, or is another than its hash says. */
export async function readList(folder: string, digest: string): Promise<ImageList | undefined> {
  const bytes = await files.readFile(join(folder, listName(digest))).catch(() => undefined);
  if (!bytes || hashOf(bytes) !== digest) return undefined;
  const [head, ...lines] = bytes.toString().trimEnd().split("\n");
  const { format, version, classes } = JSON.parse(head) as Head;
  if (format !== FORMAT || version !== VERSION) return undefined;
  const images = lines.map((line) => {
    const [name, label, sha256] = JSON.parse(line) as [string, ListedImage["label"], string | null];
    return { name, label, sha256 };
  });
  return { classes, images };
}

type Head = { readonly format: unknown; readonly version: unknown; readonly classes: ImageList["classes"] };

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
