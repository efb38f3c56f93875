// Data sets as strangers and dying disks leave them: broken, cut, swapped and endless images, links in circles, names of several
// lines, archives whose bytes changed. Each is read by the command line: what is bad is named, what is not comes as it is.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { writeIdx, writePngs, writeRecipes } from "../../apps/cli/src/testing/run-cli.ts";
import { openDataset } from "../../packages/trainers/src/node/index.ts";
import type { Rng } from "../../packages/tensor-core/src/random.ts";
import { concat, little, overwrite, pick, resize } from "../fuzz/bytes.ts";
import { demand, playRounds, rigFolder, type Rig } from "./harness.ts";
import { runJudged, type Judged } from "./in-process.ts";

/** What must be told of a folder; where bytes are damaged, a file may be bad or be read as it was. */
type Expected = {
  /** What is opened, if not the folder. */
  readonly list?: string;
  /** Files in its listing, those that cannot be read among them; none where it cannot be opened. */
  readonly images?: number | undefined;
  readonly bad?: number | undefined;
  /** Names of the damaged file, as a terminal shows it. */
  readonly damaged?: string;
};
const anything: Expected = { images: undefined, bad: undefined };
type Damage = (rng: Rng, folder: string) => Expected;

export const rig: Rig = {
  about: "damaged data sets, read and trained on: a round is a data set",
  count: 500,
  async run(options) {
    const folder = rigFolder("data");
    const sound = join(folder, "sound");
    await writePngs(sound, ["a", "b"], 4);
    await writeIdx(join(folder, "idx"), 8);
    const recipe = (await writeRecipes(join(folder, "recipes")))("fineTune");
    const png = readFileSync(join(sound, "a", "0.png"));
    const idx = readAll(join(folder, "idx"));
    const kinds: Readonly<Record<string, Damage>> = { ...imageDamages(png), ...folderDamages(png), ...archives(idx) };
    const names = Object.keys(kinds);
    const outcomes = await playRounds(options, async (rng, round) => {
      const kind = names[round % names.length] as string;
      const data = join(folder, "data");
      mkdirSync(data);
      try {
        return `${kind}: ${await readIt(kinds[kind] as Damage, { rng, data, sound, recipe, train: rng.integer(4) === 0 })}`;
      } finally {
        rmSync(data, { recursive: true });
        rmSync(join(folder, "run"), { recursive: true, force: true });
      }
    });
    return { outcomes };
  },
};

type Round = {
  readonly rng: Rng;
  readonly data: string;
  readonly sound: string;
  readonly recipe: string;
  readonly train: boolean;
};

async function readIt(damage: Damage, { rng, data, sound, recipe, train }: Round): Promise<string> {
  const expected = damage(rng, data);
  const path = join(data, expected.list ?? "");
  const told = await runJudged(["data", "verify", path, "--json"]);
  const outcome = await judge(told, expected, data, sound);
  if (train) await trainOn(path, join(data, "..", "run"), recipe);
  return outcome;
}

async function judge(told: Judged, { images, bad, damaged }: Expected, data: string, sound: string): Promise<string> {
  const done = told.events.find(({ event }) => event === "done") as { images: number; bad: number } | undefined;
  if (told.code !== 0) {
    const named =
      told.stderr.includes(data) && (done === undefined || told.events.some(({ event }) => event === "bad-image"));
    demand(named, `what is bad to be named, got ${told.stderr.slice(-500)}`);
  }
  if (images === undefined) return done === undefined ? "refused" : told.outcome;
  demand(done?.images === images, `${images} images, got ${done?.images}: ${told.stderr.slice(-500)}`);
  if (bad !== undefined) demand(done.bad === bad, `${bad} bad images, got ${done.bad}: ${told.stdout.slice(-500)}`);
  if (damaged !== undefined && done.bad === 0) await demandPixels(data, damaged, sound);
  return done.bad > 0 ? "named" : "as it was";
}

/** What is not bad must have the pixels of the file that was damaged. */
async function demandPixels(data: string, damaged: string, sound: string): Promise<void> {
  const options = { split: "train", verify: false, allowMissing: true } as const;
  const [got, wanted] = [await openDataset(data, options), await openDataset(sound, options)];
  const pixels = async (set: typeof got, name: string) => {
    for (let index = 0; index < set.length; index++) {
      const { image, name: own } = await set.get(index);
      if (own.endsWith(name)) return Buffer.from(image.data);
    }
    throw new Error(`expected ${name} among the images`);
  };
  const same = Buffer.compare(await pixels(got, damaged), await pixels(wanted, "a/0.png")) === 0;
  demand(same, `${damaged} to be named or to have its pixels`);
}

/** Leaves a run that is done, or none that looks so. */
async function trainOn(data: string, out: string, recipe: string): Promise<void> {
  const flags = [
    "--scratch",
    "--recipe",
    recipe,
    "--set",
    "epochs=1",
    "batchSize=4",
    "--backend",
    "simd",
    "--threads",
    "1",
  ];
  const { code } = await runJudged(["finetune", "--data", data, "--out", out, "--skip-bad", ...flags]);
  const summary = existsSync(join(out, "summary.json"));
  demand(summary === (code === 0), `a summary of runs that are done alone, got ${summary} and ${code}`);
  if (summary) JSON.parse(readFileSync(join(out, "summary.json"), "utf8"));
}

/** Four images, one of which is about to be damaged: `a/0.png`. */
function four(folder: string, png: Uint8Array): string {
  for (const name of ["a", "b"]) {
    mkdirSync(join(folder, name));
    for (const i of [0, 1]) writeFileSync(join(folder, name, `${i}.png`), png);
  }
  return join(folder, "a", "0.png");
}

function imageDamages(png: Uint8Array): Readonly<Record<string, Damage>> {
  const one =
    (bytes: (rng: Rng) => Uint8Array, expected: Expected): Damage =>
    (rng, folder) => {
      writeFileSync(four(folder, png), bytes(rng));
      return { images: 4, ...expected };
    };
  const blank: readonly Uint8Array[] = [new Uint8Array(4)];
  const changed = (rng: Rng): Uint8Array => {
    let bytes: Uint8Array = new Uint8Array(png);
    for (let i = rng.integer(4); i >= 0; i--) {
      if (rng.integer(2) === 0) overwrite(rng, bytes, blank);
      else bytes = resize(rng, bytes, blank, png);
    }
    return bytes;
  };
  return {
    truncated: one((rng) => png.subarray(0, rng.integer(png.length)), { damaged: "a/0.png" }),
    changed: one(changed, { damaged: "a/0.png" }),
    empty: one(() => new Uint8Array(0), { bad: 1 }),
    "another's bytes": one((rng) => Uint8Array.from({ length: 1 + rng.integer(300) }, () => rng.integer(256)), {
      bad: 1,
    }),
    "text or a page": one((rng) => Buffer.from(pick(["<html>", "%PDF-1.4\n", "{}", "GIF89a", "BM", "P5"], rng)), {
      bad: 1,
    }),
    "a billion pixels": one((rng) => sized(png, 1 << (20 + rng.integer(11)), 1 << (20 + rng.integer(11))), { bad: 1 }),
    "no pixels": one(() => sized(png, 0, 8), { bad: 1 }),
    "more lines than it has": one((rng) => sized(png, 8, 9 + rng.integer(1000)), { bad: 1 }),
  };
}

/** Another size in the header, its checksum right. (PNG 1.2, 11.2.2) */
function sized(png: Uint8Array, width: number, height: number): Uint8Array {
  const big = (value: number) => little(value, 4).reverse();
  const header = concat(png.subarray(12, 16), big(width), big(height), png.subarray(24, 29));
  return concat(png.subarray(0, 12), header, big(crc32(header)), png.subarray(33));
}

function folderDamages(png: Uint8Array): Readonly<Record<string, Damage>> {
  const more =
    (change: (folder: string, rng: Rng) => Expected): Damage =>
    (rng, folder) => {
      four(folder, png);
      return { images: 4, bad: 0, ...change(folder, rng) };
    };
  const odd = [
    "two\nlines",
    "\u001b[2J",
    "\u202egnp",
    "a\tb",
    "#?%20",
    "'\"<&",
    "-rf",
    "=1+1",
    "\u00fc",
    "u\u0308",
    " ",
    "😀",
  ];
  return {
    "odd names": more((folder, rng) => {
      const [inner, outer] = [`${pick(odd, rng)}${rng.integer(100)}`, `${pick(odd, rng)}${rng.integer(100)}c`];
      mkdirSync(join(folder, outer));
      writeFileSync(join(folder, outer, `${inner}.png`), png);
      return { images: 5 };
    }),
    "a name of 255 bytes": more((folder) => {
      writeFileSync(join(folder, "a", `${"n".repeat(251)}.png`), png);
      return { images: 5 };
    }),
    "links in a circle": more((folder) => {
      symlinkSync("two.png", join(folder, "a", "one.png"));
      symlinkSync("one.png", join(folder, "a", "two.png"));
      return anything;
    }),
    "a link to nothing": more((folder) => {
      symlinkSync("nothing.png", join(folder, "b", "link.png"));
      return anything;
    }),
    "a link to the folder above": more((folder) => {
      symlinkSync("..", join(folder, "b", "above"));
      return anything;
    }),
    "an empty class": more((folder) => {
      mkdirSync(join(folder, "c"));
      return anything;
    }),
    "nothing at all": () => ({}),
    "empty classes alone": (_, folder) => {
      for (const name of ["a", "b"]) mkdirSync(join(folder, name));
      return {};
    },
    "a pipe called image": more((folder) => {
      demand(spawnSync("mkfifo", [join(folder, "a", "pipe.png")]).status === 0, "a pipe");
      return anything;
    }),
    "a folder called image": more((folder) => {
      mkdirSync(join(folder, "a", "folder.png"));
      return {};
    }),
    "a list that is damaged": more((folder, rng) => {
      let list: Uint8Array = Buffer.from('file,label\na/0.png,a\na/1.png,a\nb/0.png,b\n"b/1.png",b\n');
      const pieces = ['"', ",", "\n", "\r", "\u0000", "../", "/etc/passwd", "=", ";"].map((text) => Buffer.from(text));
      for (let i = rng.integer(4); i >= 0; i--)
        if (rng.integer(2) === 0) overwrite(rng, list, pieces);
        else list = resize(rng, list, pieces, list);
      writeFileSync(join(folder, "list.csv"), list);
      return { ...anything, list: "list.csv" };
    }),
  };
}

type Files = readonly { readonly name: string; readonly bytes: Uint8Array }[];

function readAll(folder: string): Files {
  return readdirSync(folder).map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) }));
}

/** One of an archive's files is changed: it opens with as many images as its bytes say, or is named. */
function archives(idx: Files): Readonly<Record<string, Damage>> {
  const record = (label: number) => concat(Uint8Array.of(label), new Uint8Array(3072).fill(7 * label));
  const cifar: Files = ["data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"].map((name, i) => ({
    name,
    bytes: concat(record(i), record(9 - i)),
  }));
  const damage =
    (all: Files): Damage =>
    (rng, folder) => {
      const at = rng.integer(all.length);
      for (const [i, { name, bytes }] of all.entries()) {
        let own: Uint8Array = bytes.slice();
        const other = (all[rng.integer(all.length)] as Files[number]).bytes;
        // In the header as often as anywhere.
        if (i === at && rng.integer(2) === 0) overwrite(rng, own.subarray(0, 20), [little(rng.integer(2 ** 32), 4)]);
        else if (i === at)
          own = pick([() => resize(rng, own, [own], other), () => other, () => own.slice(0, 1)], rng)();
        writeFileSync(join(folder, name), own);
      }
      return {};
    };
  return { "IDX files": damage(idx), "CIFAR's files": damage(cifar) };
}
