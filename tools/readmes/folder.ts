// What a reader of a page has at hand: photographs, images of 32 x 32 and of a satellite, files of weights as their authors publish them
// (small, with random values), a run, and in node_modules the packages that the page says to install, and no others.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beitVariants, initBeit, saveOfficialBeit, type BeitConfig } from "@beitjs/beit-encoder";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { fromFloat32, readSafetensors } from "@beitjs/tensor-core/safetensors";
import { initTrainingState, pretrainSmall } from "@beitjs/trainers";
import { saveCheckpoint } from "@beitjs/trainers/node";
import sharp from "sharp";
import { root, type Page } from "./pages.ts";
import { torchFile } from "./torch-file.ts";

const backend = createReferenceBackend();
const PER_CLASS = 12;

/** Makes the files once; pages work in copies. */
export async function prepareFiles(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "beitjs-reader-"));
  await writePhotographs(folder);
  await writeSmallImages(folder);
  await writeFields(folder);
  await writeWeights(folder);
  await writeRun(folder);
  return folder;
}

/** A copy for one page, with its recipes (`# name.yaml` in the first line) and the packages of its install lines. */
export function folderFor({ blocks, installed }: Page, files: string): string {
  const folder = mkdtempSync(join(tmpdir(), "beitjs-page-"));
  const makesRun = blocks.some(({ text }) => text.includes("--out runs/beit"));
  cpSync(files, folder, { recursive: true, filter: (path) => !(makesRun && path.endsWith("runs")) });
  for (const { language, text } of blocks) {
    const [, name] = /^# (\S+\.yaml)\n/.exec(text) ?? [];
    if (language === "yaml" && name !== undefined) writeFileSync(join(folder, name), text);
  }
  for (const name of new Set(installed)) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(packageFolder(name), link, "junction");
  }
  return folder;
}

/** Where a package lies that the repository has: one of its own, or one that its tools use. */
export function packageFolder(name: string): string {
  const folder = join(root, "node_modules", name);
  if (!existsSync(folder)) throw new Error(`[packageFolder] expected a package of node_modules, got ${name}`);
  return folder;
}

// Pieces of the page's own samples, so that files are real photographs and no two are the same.
async function writePhotographs(folder: string): Promise<void> {
  const samples = join(root, "apps", "web", "samples");
  const sources = readdirSync(samples).filter((name) => name.endsWith(".jpg"));
  const write = async (path: string, i: number) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    const piece = { left: 4 * i, top: 3 * i, width: 120, height: 90 };
    await sharp(join(samples, sources[i % sources.length]))
      .extract(piece)
      .jpeg()
      .toFile(join(folder, path));
  };
  for (const [i, name] of ["photo", "some", "cat", "dog"].entries()) await write(`${name}.jpg`, i);
  for (let i = 0; i < PER_CLASS; i++) {
    for (const name of ["cat", "dog"]) await write(`photos/train/${name}/${i}.jpg`, 2 * i + (name === "cat" ? 0 : 1));
  }
  for (const [i, name] of ["cat", "dog"].entries()) {
    await write(`photos/val/${name}/0.jpg`, 2 * PER_CLASS + i);
    await write(`photos/test/${name}/0.jpg`, 2 * PER_CLASS + 2 + i);
  }
}

// Two classes of CIFAR-10, in its size and as its folders are: squares of the samples.
async function writeSmallImages(folder: string): Promise<void> {
  const samples = join(root, "apps", "web", "samples");
  const sources = readdirSync(samples).filter((name) => name.endsWith(".jpg"));
  for (const [name, first] of [
    ["airplane", 0],
    ["frog", 1],
  ] as const) {
    for (let i = 0; i <= PER_CLASS; i++) {
      const path = join(folder, "cifar10", i < PER_CLASS ? "train" : "test", name, `${i}.jpg`);
      await mkdir(dirname(path), { recursive: true });
      await sharp(join(samples, sources[first]))
        .extract({ left: 3 * i, top: 2 * i, width: 96, height: 96 })
        .resize(32, 32)
        .jpeg()
        .toFile(path);
    }
  }
}

// Four bands of 16 bits, as of a satellite; the last tells the classes apart.
async function writeFields(folder: string): Promise<void> {
  const [width, height] = [64, 48];
  const write = async (path: string, i: number, infrared: number) => {
    const bands = Uint16Array.from({ length: width * height * 4 }, (_, at) => {
      const noise = ((at + 1) * (i + 7) * 40503) % 6000;
      return (at % 4 === 3 ? infrared : 9000) + noise;
    });
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await sharp(bands, { raw: { width, height, channels: 4 } })
      .toColourspace("rgb16")
      .tiff({ compression: "lzw" })
      .toFile(join(folder, path));
  };
  for (const [name, infrared] of [
    ["forest", 30_000],
    ["water", 4000],
  ] as const) {
    for (let i = 0; i < PER_CLASS; i++) await write(`fields/train/${name}/${i}.tif`, i, infrared);
    await write(`fields/val/${name}/0.tif`, PER_CLASS, infrared);
  }
}

async function writeWeights(folder: string): Promise<void> {
  const small = { ...beitVariants.base, width: 64, depth: 2, heads: 1 };
  const write = async (name: string, fields: Partial<BeitConfig>) => {
    const official = await saveOfficialBeit(initBeit({ ...small, ...fields }, createRng(3), backend));
    await writeFile(join(folder, name), torchFile(readSafetensors(official).tensors, "model"));
  };
  const classifier = { vocabSize: 0, classes: 1000 };
  await write("beit_base_patch16_224_pt22k.pth", {});
  await write("beit_base_patch16_224_pt22k_ft22k.pth", classifier);
  await write("beit_base_patch16_224_pt22k_ft22kto1k.pth", classifier);
  const dallE = join(root, "tools", "golden", "dvae", "dall-e");
  for (const name of ["encoder.pkl", "decoder.pkl"]) await copyFile(join(dallE, name), join(folder, name));
  const head = new Map([["head.bias", fromFloat32(new Float32Array(1000), [1000])]]);
  await writeFile(join(folder, "model.pt"), torchFile(head));
  await writeFile(
    join(folder, "model.safetensors"),
    await saveOfficialBeit(initBeit({ ...small, vocabSize: 16 }, createRng(3), backend)),
  );
}

// A pre-training that came to its thousandth step.
async function writeRun(folder: string): Promise<void> {
  const recipe = { ...pretrainSmall, model: { ...pretrainSmall.model, depth: 1 } };
  const { params } = initBeit(recipe.model, createRng(5), backend);
  const info = {
    stage: "pretrain",
    model: recipe.model,
    recipe,
    step: 1000,
    position: { epoch: 1, batch: 0 },
  } as const;
  await saveCheckpoint(join(folder, "runs", "beit"), { ...initTrainingState(params), step: 1000 }, info);
}
