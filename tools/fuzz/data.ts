// Files of images and of settings that somebody else made, damaged: each reader gives what the file says, or an error by name.
import { crc32 } from "node:zlib";
import { beitConfigFromHuggingFace } from "../../packages/beit-encoder/src/checkpoint/hugging-face/config.ts";
import { PickleError } from "../../packages/tensor-core/src/pickle/index.ts";
import { resolveLimits } from "../../packages/tensor-core/src/pickle/limits.ts";
import { readRecordData, readZip, type ZipRecord } from "../../packages/tensor-core/src/pickle/zip.ts";
import { readRanges } from "../../packages/tensor-core/src/files/ranges.ts";
import type { Rng } from "../../packages/tensor-core/src/random.ts";
import { parseCifar } from "../../packages/trainers/src/data/cifar.ts";
import { parseIdxImages, parseIdxLabels } from "../../packages/trainers/src/data/idx.ts";
import { readBmp } from "../../packages/trainers/src/node/read-bmp.ts";
import { readPnm } from "../../packages/trainers/src/node/read-pnm.ts";
import { sniffImage } from "../../packages/trainers/src/node/sniff-image.ts";
import { checkRecipe } from "../../packages/trainers/src/recipes/check-recipe.ts";
import { recipes, RecipeError, type StageName } from "../../packages/trainers/src/index.ts";
import { parseYaml } from "../../apps/cli/src/runs/read-yaml.ts";
import { fieldsOf, putTogether, takeApart } from "./archive.ts";
import { concat, extremes, little, overwrite, pick, resize } from "./bytes.ts";
import type { FuzzFormat, FuzzInput } from "./run.ts";

const text = (value: string): Uint8Array => new Uint8Array(Buffer.from(value));
const random = (rng: Rng, length: number): Uint8Array => Uint8Array.from({ length }, () => rng.integer(256));

/** Up to four kinds of damage to one of the files, or none. */
function damaged(rng: Rng, files: readonly Uint8Array[], pieces: readonly Uint8Array[]): FuzzInput {
  let bytes: Uint8Array = pick(files, rng).slice();
  const times = rng.integer(5);
  for (let i = 0; i < times; i++) {
    if (rng.integer(2) === 0) overwrite(rng, bytes, pieces);
    else bytes = resize(rng, bytes, pieces, pick(files, rng));
  }
  return { label: times === 0 ? "whole" : "damaged", bytes };
}

/** What `read` came to; an error has to be one that the reader is known for. */
function outcomeOf(read: () => void, isKnown: (error: Error) => boolean): string {
  try {
    read();
    return "accepted";
  } catch (error) {
    if (!(error instanceof Error && isKnown(error)) || error.message.length > 4096) throw error;
    return "refused";
  }
}

const ours = (error: Error): boolean => /^\[[\w$.]+\] expected /.test(error.message);

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`expected ${what}`);
}

/** Stored archives: what is accepted is what another reader finds in them, byte by byte. */
export function zipFormat(): FuzzFormat {
  const limits = resolveLimits({});
  return {
    name: "zip",
    make(rng) {
      const records = Array.from({ length: 1 + rng.integer(4) }, (_, i) => ({
        name: `a/${i}`,
        data: random(rng, rng.integer(40)),
      }));
      const whole = putTogether(records, rng.integer(4) === 0);
      const kind = rng.integer(4);
      if (kind === 0) return damaged(rng, [whole], [text("PK\u0003\u0004"), text("PK\u0005\u0006")]);
      const bytes = whole.slice();
      for (let i = 0; i < kind; i++) {
        const { at, size } = pick(fieldsOf(bytes), rng);
        const value = rng.integer(2) === 0 ? pick(extremes, rng) : BigInt(rng.integer(bytes.length + 1));
        bytes.set(little(value, size), at);
      }
      return { label: `fields ${kind}`, bytes };
    },
    async check({ bytes }) {
      let found: ReadonlyMap<string, ZipRecord>;
      try {
        found = readRanges(readZip({ size: bytes.length, limits, whole: true }), bytes);
      } catch (error) {
        if (error instanceof PickleError) return error.code;
        throw error;
      }
      const sound = new Map((takeApart(bytes) ?? []).map((record) => [record.name, record]));
      for (const [name, record] of found) {
        if (record.method !== 0) continue;
        const data = readRanges(readRecordData(record), bytes);
        const other = sound.get(name);
        const same = other && Buffer.compare(other.data, data) === 0;
        demand(same === true, `${JSON.stringify(name)} as another reader finds it`);
        demand(record.crc === undefined || crc32(data) === record.crc, "the checksum to hold");
      }
      return "accepted";
    },
  };
}

export function idxFormat(): FuzzFormat {
  const header = (magic: number, sizes: readonly number[]) =>
    concat(...[magic, ...sizes].map((value) => little(value, 4).reverse()));
  const images = concat(header(0x803, [3, 4, 5]), new Uint8Array(60).fill(7));
  const labels = concat(header(0x801, [9]), Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8));
  return {
    name: "idx",
    make: (rng) =>
      damaged(rng, [images, labels], [header(0x803, []), header(0x801, []), header(0, [0]), header(3, [4])]),
    check: async ({ bytes }) => {
      const asImages = outcomeOf(() => {
        const { count, rows, columns, data } = parseIdxImages(bytes, "file");
        demand(data.length === count * rows * columns && bytes.length === 16 + data.length, "as many bytes as it says");
      }, ours);
      const asLabels = outcomeOf(() => {
        demand(parseIdxLabels(bytes, "file").length === bytes.length - 8, "as many labels as it says");
      }, ours);
      demand(asImages !== "accepted" || asLabels !== "accepted", "one kind of file");
      return asImages === "accepted" || asLabels === "accepted" ? "accepted" : "refused";
    },
  };
}

export function cifarFormat(): FuzzFormat {
  const ten = concat(...[0, 9].map((label) => concat(Uint8Array.of(label), new Uint8Array(3072).fill(label))));
  const hundred = concat(Uint8Array.of(19, 99), new Uint8Array(3072).fill(3));
  return {
    name: "cifar",
    make(rng) {
      // Labels are few among the bytes.
      const input = damaged(rng, [ten, hundred], [new Uint8Array(3073), new Uint8Array(3074)]);
      if (rng.integer(2) === 0 && input.bytes.length > 0)
        input.bytes[rng.integer(Math.min(2, input.bytes.length))] = rng.integer(256);
      return input;
    },
    check: async ({ bytes }) => {
      const all = (["cifar10", "cifar100"] as const).map((kind) =>
        outcomeOf(() => {
          const { count, data, labels } = parseCifar(bytes, { kind, source: "file" });
          demand(data.length === 3072 * count && labels.length === count, "3,072 bytes and a label an image");
          demand(
            labels.every((label) => label < (kind === "cifar10" ? 10 : 100)),
            "labels among the classes",
          );
        }, ours),
      );
      return all.includes("accepted") ? "accepted" : "refused";
    },
  };
}

export function imageFormat(): FuzzFormat {
  const bmp = concat(
    text("BM"),
    little(70, 4),
    little(0, 4),
    little(54, 4),
    little(40, 4),
    little(2, 4),
    little(2, 4),
    little(1, 2),
    little(24, 2),
    new Uint8Array(24),
    new Uint8Array(16),
  );
  const files = [
    bmp,
    text("P5 3 2 255\nabcdef"),
    text("P2\n# c\n2 2 15\n1 2 3 4\n"),
    text("P6 1 1 65535\nabcdef"),
    concat(text("\u0000"), little(0x474e5089, 4), random0(40)),
    concat(Uint8Array.of(0x89), text("PNG\r\n\u001a\n"), random0(30)),
    concat(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), random0(30)),
    concat(text("RIFF"), little(20, 4), text("WEBPVP8 "), random0(20)),
    text("<svg xmlns='http://www.w3.org/2000/svg'/>"),
  ];
  return {
    name: "images",
    make: (rng) =>
      damaged(rng, files, [
        text(" 99999 "),
        text("-1 "),
        text("4294967295 "),
        text("#"),
        little(0x80000000, 4),
        text("P5"),
      ]),
    check: async ({ bytes }) => {
      sniffImage(bytes.subarray(0, 1024));
      // Reasons in words; who decodes puts the file's name before them.
      const known = (error: Error): boolean => error.constructor === Error && error.message.length < 300;
      const pixels = ({ width, height }: { readonly width: number; readonly height: number }) =>
        demand(width > 0 && height > 0 && width * height <= 1 << 28, "a size in bounds");
      const all = [() => pixels(readBmp(bytes)), () => pixels(readPnm(bytes, { checkBits: () => undefined }))];
      return all.map((read) => outcomeOf(read, known)).includes("accepted") ? "accepted" : "refused";
    },
  };
}
const random0 = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 37) & 255);

export function recipeFormat(): FuzzFormat {
  const stages = Object.values(recipes).map(({ stage }) => stage) as [StageName, ...StageName[]];
  const files = Object.values(recipes).map((recipe) => text(JSON.stringify(recipe, null, 1)));
  const pieces = [
    "__proto__: ",
    "&a ",
    "*a ",
    "[",
    "{",
    "}",
    "- ",
    "? ",
    "1e999",
    "null",
    "!!js/function ",
    '"',
    "\n",
    "  ",
    "-1",
    "<<: ",
  ].map(text);
  return {
    name: "recipes",
    make: (rng) => damaged(rng, files, pieces),
    check: async ({ bytes }) => {
      const read = (): void => void checkRecipe("fuzz", parseYaml("file", Buffer.from(bytes).toString()), ...stages);
      const known = (error: Error): boolean =>
        error instanceof RecipeError || (error as { exitCode?: number }).exitCode === 2;
      const outcome = outcomeOf(read, known);
      demand(
        ({} as { polluted?: unknown }).polluted === undefined && Object.keys(Object.prototype).length === 0,
        "prototypes as they were",
      );
      return outcome;
    },
  };
}

export function configFormat(): FuzzFormat {
  const config = {
    ...{
      architectures: ["BeitForImageClassification"],
      model_type: "beit",
      hidden_size: 768,
      num_hidden_layers: 12,
      num_attention_heads: 12,
    },
    ...{
      intermediate_size: 3072,
      image_size: 224,
      patch_size: 16,
      num_channels: 3,
      layer_norm_eps: 1e-12,
      drop_path_rate: 0.1,
    },
    ...{
      use_mean_pooling: true,
      use_relative_position_bias: true,
      vocab_size: 8192,
      id2label: { 0: "cat", 1: "dog" },
      label2id: { cat: 0 },
    },
  };
  const values: readonly unknown[] = [
    0,
    -1,
    1.5,
    1e9,
    1e308,
    null,
    "",
    "12",
    [],
    {},
    [224, 224],
    true,
    "\u202e",
    Array(100).fill(1),
    { __proto__: null },
  ];
  return {
    name: "hf-configs",
    make(rng) {
      const made: Record<string, unknown> = { ...config };
      const times = rng.integer(5);
      for (let i = 0; i < times; i++) {
        const key =
          rng.integer(8) === 0
            ? pick(["__proto__", "constructor", "toString", "length"], rng)
            : pick(Object.keys(config), rng);
        if (rng.integer(4) === 0) delete made[key];
        else
          Object.defineProperty(made, key, {
            value: pick(values, rng),
            enumerable: true,
            configurable: true,
            writable: true,
          });
      }
      return { label: times === 0 ? "whole" : "damaged", bytes: text(JSON.stringify(made)) };
    },
    check: async ({ bytes }) => {
      const value = JSON.parse(Buffer.from(bytes).toString()) as object;
      return outcomeOf(() => void beitConfigFromHuggingFace(value), ours);
    },
  };
}
