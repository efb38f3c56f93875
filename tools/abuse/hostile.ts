// What strangers send: names that play with terminals and spreadsheets, tensors and recipes made to hurt, files that were changed,
// and hosts that lie. The command line reads them in this process: it ends, says why, and leaves nothing that looks whole.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeIdx, writePngs, writeRecipes } from "../../apps/cli/src/testing/run-cli.ts";
import type { Rng } from "../../packages/tensor-core/src/random.ts";
import { readSafetensors, writeSafetensors } from "../../packages/tensor-core/src/safetensors.ts";
import { pick } from "../fuzz/bytes.ts";
import { pickleFormat } from "../fuzz/pickle.ts";
import { safetensorsFormat } from "../fuzz/safetensors.ts";
import { demand, playRounds, rigFolder, type Rig } from "./harness.ts";
import { mayBeWhole, neverWhole, openHost, type HostileHost } from "./hostile-host.ts";
import { hostileName, hostileRecipe, hostileSetting } from "./hostile-texts.ts";
import { runJudged } from "./in-process.ts";

type Stage = {
  readonly folder: string;
  /** Made anew for every round. */
  readonly work: string;
  readonly model: string;
  readonly png: Uint8Array;
  readonly host: HostileHost;
  readonly elsewhere: HostileHost;
};
type Play = (rng: Rng, stage: Stage) => Promise<string>;

const simd = ["--backend", "simd", "--threads", "1"];

export const rig: Rig = {
  about: "names, tensors, recipes, files and hosts of strangers: a round is one of them",
  count: 1000,
  async run(options) {
    const folder = rigFolder("hostile");
    const [host, elsewhere] = [await openHost(), await openHost()];
    const stage = { folder, work: join(folder, "work"), host, elsewhere, ...(await prepare(folder)) };
    const formats = [safetensorsFormat(), pickleFormat()];
    const plays: readonly Play[] = [fileNames, classNames, tensorNames, recipes, changedFiles(formats), hosts, hosts];
    try {
      const outcomes = await playRounds(options, async (rng, round) => {
        mkdirSync(stage.work);
        try {
          return await (plays[round % plays.length] as Play)(rng, stage);
        } finally {
          rmSync(stage.work, { recursive: true });
        }
      });
      return { outcomes };
    } finally {
      host.close();
      elsewhere.close();
    }
  },
};

async function prepare(folder: string): Promise<{ readonly model: string; readonly png: Uint8Array }> {
  const idx = await writeIdx(join(folder, "idx"), 16);
  const recipe = (await writeRecipes(join(folder, "recipes")))("fineTune");
  const run = ["finetune", "--scratch", "--data", idx, "--recipe", recipe, "--out", join(folder, "run"), ...simd];
  const model = join(folder, "model");
  for (const argv of [run, ["convert", join(folder, "run"), "--out", model, ...simd]]) {
    const { code, stderr } = await runJudged(argv);
    demand(code === 0, `a model to begin with, got ${stderr}`);
  }
  await writePngs(join(folder, "pngs"), ["a"], 1);
  return { model, png: readFileSync(join(folder, "pngs", "a", "0.png")) };
}

const fileNames: Play = async (rng, { work, model, png }) => {
  const images = join(work, "images");
  const [outer, inner] = [hostileName(rng), hostileName(rng)];
  mkdirSync(join(images, outer), { recursive: true });
  writeFileSync(join(images, outer, `${inner}.png`), png);
  const out = join(work, `${pick(["out", inner], rng)}.json`);
  const plain = await runJudged(["predict", model, "--images", images, ...simd]);
  const { code, stderr } = await runJudged(["predict", model, "--images", images, "--out", out, "--json", ...simd]);
  demand(plain.code === 0 && code === 0, `${JSON.stringify([outer, inner])} to be read, got ${stderr}`);
  const { images: told } = JSON.parse(readFileSync(out, "utf8")) as { images: { name: string }[] };
  demand(told.length === 1 && told[0]?.name.endsWith(`${inner}.png`) === true, "the image's own name");
  const verified = await runJudged(["data", "verify", images]);
  return `file names: ${verified.outcome}`;
};

const classNames: Play = async (rng, { work, model, folder }) => {
  const labels = Array.from(
    { length: 2 },
    (_, i) => `${hostileName(rng).replaceAll(/[\r\n\u2028\u2029\u0085]/g, "")}${i}`,
  );
  const file = join(work, "labels.txt");
  writeFileSync(file, labels.join("\n"));
  const predict = ["predict", model, "--images", join(folder, "pngs"), "--labels", file, ...simd];
  const plain = await runJudged(predict);
  const out = join(work, "out.csv");
  const { outcome, stderr } = await runJudged([...predict, "--out", out]);
  demand(plain.outcome === outcome, `the same of both, got ${plain.outcome} and ${outcome}: ${stderr}`);
  demand(existsSync(out) === (outcome === "done"), "a table of what is done alone");
  if (outcome === "done") {
    const formula = cellsOf(readFileSync(out, "utf8")).find(
      (cell) => /^[=+\-@]/.test(cell) && Number.isNaN(Number(cell)),
    );
    demand(formula === undefined, `no formula of ${JSON.stringify(labels)}, got ${formula}`);
  }
  return `class names: ${outcome}`;
};

/** As a spreadsheet takes them apart. (RFC 4180) */
function cellsOf(csv: string): string[] {
  const cells = csv.matchAll(/(?:^|[,\n])(?:"((?:[^"]|"")*)"|([^",\n]*))/g);
  return [...cells].map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? "");
}

const tensorNames: Play = async (rng, { work }) => {
  const file = join(work, "model.safetensors");
  const tensor = () => ({ dtype: "F32", shape: [1], data: new Uint8Array(4) }) as const;
  const named = new Map(Array.from({ length: 1 + rng.integer(4) }, () => [hostileName(rng), tensor()]));
  if (rng.integer(2) === 0) named.set("cls_token", tensor());
  writeFileSync(file, writeSafetensors([...named], { [hostileName(rng)]: hostileName(rng) }));
  const seen = await runJudged(["inspect", file]);
  await runJudged(["inspect", file, "--json"]);
  await refuse(["convert", file, "--out", join(work, "out"), ...simd], join(work, "out"));
  return `tensor names: ${seen.outcome}`;
};

const recipes: Play = async (rng, { work }) => {
  const file = join(work, pick(["recipe.yaml", "recipe.json", `${hostileName(rng)}.yaml`], rng));
  const kind = rng.integer(6);
  if (kind === 0) {
    demand(spawnSync("mkfifo", ["--", file]).status === 0, "a pipe");
  } else writeFileSync(file, hostileRecipe(rng));
  const path =
    kind === 1 ? pick(["/dev/zero", "/dev/tty", "/dev/random", "/proc/self/mem", "/proc/kmsg", work], rng) : file;
  const began = performance.now();
  const told = await runJudged(["recipes", "show", path]);
  const set = hostileSetting(rng);
  const name = pick(["pretrain-demo", "fine-tune-demo", "tokenizer-demo"], rng);
  const changed = await runJudged(["recipes", "show", name, `--set=${set}`]);
  demand(performance.now() - began < 10_000, `${JSON.stringify(set)} within seconds`);
  for (const { code, stderr } of [told, changed]) demand(code !== 1, `a wrong use or a recipe, got ${stderr}`);
  demand(Object.keys(Object.prototype).length === 0, "prototypes as they were");
  return `recipes: ${told.outcome}, set: ${changed.outcome}`;
};

/** What the fuzzers make, as files that commands read. */
const changedFiles =
  (formats: readonly { readonly name: string; make(rng: Rng): { readonly bytes: Uint8Array } }[]): Play =>
  async (rng, { work }) => {
    const format = pick(formats, rng);
    const file = join(work, pick(["a.safetensors", "a.pth", "a.bin", "model.safetensors", "a.pkl"], rng));
    writeFileSync(file, format.make(rng).bytes);
    const { outcome } = await runJudged(["inspect", file]);
    await refuse(["convert", file, "--out", join(work, "out"), ...simd], join(work, "out"));
    return `${format.name} that is changed: ${outcome}`;
  };

const hosts: Play = async (rng, { work, model, host, elsewhere }) => {
  const body = readFileSync(join(model, "model.safetensors"));
  const all = { ...mayBeWhole, ...neverWhole };
  const manner = pick(Object.keys(all), rng);
  host.answerBy((all[manner] as (typeof all)[string])(body, elsewhere.origin, rng));
  elsewhere.answerBy((mayBeWhole["sound"] as (typeof all)[string])(body, "", rng));
  const address = `${host.origin.replace("://", "://s3cretUser:s3cretPass@")}/model.safetensors?X-Amz-Signature=s3cretSignature`;
  const env = { HF_ENDPOINT: host.origin, HF_TOKEN: "s3cretToken", HF_HUB_DOWNLOAD_TIMEOUT: "0.5" };
  const out = join(work, "out");
  const flags = rng.integer(2) === 0 ? ["--json"] : ["--debug"];
  const told = await runJudged(["convert", address, "--out", out, ...simd, ...flags], { env });
  if (told.code === 0) {
    demand(manner in mayBeWhole, `${manner} to be refused`);
    const [got, wanted] = [out, model].map((folder) => hashOf(join(folder, "model.safetensors")));
    demand(got === wanted, `the file of ${manner} to be whole`);
  } else demand(!existsSync(out) || readdirSync(out).length === 0, `nothing of ${manner}, got ${told.stderr}`);
  demand(told.code !== 2, `${manner} to be no wrong use, got ${told.stderr}`);
  demand(
    !/s3cret(User|Pass|Signature|Token)/.test(told.stdout + told.stderr),
    `no secrets of ${manner}, got ${told.stderr}`,
  );
  const carried = elsewhere.heads.some((one) => /^(authorization|cookie):/im.test(one) || one.includes("s3cret"));
  demand(!carried, `no secrets elsewhere, got ${elsewhere.heads.join()}`);
  return `host, ${manner}: ${told.outcome}`;
};

/** A file that is no model, or whose model is sound: never half of one. */
async function refuse(argv: readonly string[], out: string): Promise<void> {
  const { code, stderr } = await runJudged(argv);
  if (code === 0) readSafetensors(readFileSync(join(out, "model.safetensors")));
  else demand(!existsSync(out) || readdirSync(out).length === 0, `nothing in ${out}, got ${stderr}`);
}

const hashOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");
