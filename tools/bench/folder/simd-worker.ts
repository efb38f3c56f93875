// A contestant: JPEG files to visual tokens by the functions of `beit tokenize`, as they were built, then every part of it by
// itself. Prints one line of JSON.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openTokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { openFile } from "@beitjs/tensor-core/files/node";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { evalView, tokensOf, type EvalViewOptions } from "@beitjs/trainers";
import { readImage } from "@beitjs/trainers/node";
import type { SimdVariant } from "../simd-builds.ts";
import type { FolderRequest, FolderResult } from "./settings.ts";

export type SimdFolderRequest = FolderRequest &
  SimdVariant & { readonly weights: string; /** Folder of the built CLI. */ readonly cli: string };

const request = JSON.parse(process.argv[2]) as SimdFolderRequest;
const { folder, names, size, batch, output, weights, cli, build, threads } = request;
const backend = await createSimdBackend({ build, threads, v8Flags: build !== "base" });
const file = await openFile(weights);
const { tokenizer } = await openTokenizerEncoder(file, backend);
await file.close();
const paths = names.map((name) => join(folder, name));
const view: EvalViewOptions = {
  channels: 3,
  size,
  fit: { kind: "centerCrop", cropRatio: 1 },
  filter: "lanczos",
  normalization: "unit",
};
// The first call of a network is measured elsewhere.
await tokensOf(
  tokenizer,
  Array.from({ length: batch }, () => new Float32Array(size * size * 3)),
);

const { imageBatches } = await builtCli<typeof import("../../../apps/cli/src/images/batches.ts")>("images/batches");
const { openImageSources } = await builtCli<typeof import("../../../apps/cli/src/images/sources.ts")>("images/sources");
const nothing = () => {};
const context = {
  terminal: { info: nothing, event: nothing, warn: nothing, progress: () => ({ update: nothing, stop: nothing }) },
  interrupt: { check: nothing, requested: false, signal: new AbortController().signal },
} as unknown as Parameters<typeof imageBatches>[2] & Parameters<typeof openImageSources>[2];

const used = process.cpuUsage();
const ids: number[] = [];
let waitMs = 0;
const totalMs = await timed(async () => {
  const sources = await openImageSources(paths, { skipBad: false }, context);
  let asked = performance.now();
  for await (const { views } of imageBatches(sources, { view, batch, label: "tokenizing", threads }, context)) {
    waitMs += performance.now() - asked;
    ids.push(...Array.from(await tokensOf(tokenizer, views)));
    asked = performance.now();
  }
});
const { user, system } = process.cpuUsage(used);
const peakRssBytes = process.resourceUsage().maxRSS * 1024;
writeFileSync(output, new Uint8Array(Int32Array.from(ids).buffer));
const cpuMs = (user + system) / 1000;
const result: FolderResult = { totalMs, waitMs, cpuMs, peakRssBytes, stages: await measureStages() };
console.log(JSON.stringify(result));
backend.dispose();

async function builtCli<Module>(name: string): Promise<Module> {
  return (await import(/* @vite-ignore */ `${cli}${name}.js`)) as Module;
}

async function measureStages(): Promise<NonNullable<FolderResult["stages"]>> {
  const views: Float32Array[] = [];
  let [decodeMs, resizeMs, encodeMs] = [0, 0, 0];
  for (let start = 0; start < paths.length; start += batch) {
    const images: Awaited<ReturnType<typeof readImage>>[] = [];
    decodeMs += await timed(async () => {
      images.push(...(await Promise.all(paths.slice(start, start + batch).map((path) => readImage(path)))));
    });
    resizeMs += await timed(async () => void views.push(...images.map((image) => evalView(image, view))));
  }
  for (let start = 0; start < views.length; start += batch) {
    encodeMs += await timed(async () => void (await tokensOf(tokenizer, views.slice(start, start + batch))));
  }
  return { decodeMs, resizeMs, encodeMs };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}
