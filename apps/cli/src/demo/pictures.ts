// What the report shows of the models: test images through the tokenizer and back, restored from masks, and under the
// eyes of the last block's heads.
import { attentionMaps, encodeMasked, gridOf, patchCount, visualTokenLogits, type Beit } from "@beitjs/beit-encoder";
import { decodeTokens, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { maskStatistics, type Grid, type Mask } from "@beitjs/masking";
import { disposeTree, scope, type Tensor } from "@beitjs/tensor-core";
import { imagesOf, resize, type Image } from "@beitjs/tensor-core/image";
import { argmax } from "@beitjs/tensor-core/ops";
import { drawMask, evalView, tokensOf, viewBatch, type Dataset, type Example, type MaskRecipe } from "@beitjs/trainers";
import { composite } from "../pictures/picture.ts";
import type {
  AttentionPicture,
  CodebookEntry,
  Reconstruction,
  ReportData,
  Restoration,
} from "../report/report-data.ts";
import { contrastingPatches } from "./contrasting-patches.ts";
import type { DemoSettings } from "./settings.ts";

export type PictureOptions = {
  readonly tokenizer: Tokenizer;
  readonly beit: Beit;
  readonly test: Dataset;
  readonly settings: DemoSettings;
  /** How often each visual token occurs on the test images. */
  readonly tokenCounts: readonly number[];
};

export type Pictures = Pick<ReportData, "reconstructions" | "codebook" | "restorations" | "attention" | "masks">;

const most = { reconstructions: 10, codebook: 40, restorations: 6, attention: 4, queries: 2, samples: 12 };
const masksForStatistics = 2000;

/** All pictures of a report. */
export async function drawPictures(options: PictureOptions): Promise<Pictures> {
  const examples = await onePerClass(options.test, most.reconstructions);
  const reconstructions = await reconstruct(options, examples);
  return {
    reconstructions,
    codebook: await codebookEntries(options),
    restorations: await restore(options, examples, reconstructions),
    attention: await attend(options, examples.slice(0, most.attention)),
    masks: sampleMasks(gridOf(options.beit.config), options.settings.recipes.pretrain),
  };
}

// The first images of every class in turn, so that the report shows as many classes as it can.
async function onePerClass(images: Dataset, count: number): Promise<Example[]> {
  const seen: number[] = [];
  const rounds = Array.from({ length: images.length }, (_, index) => {
    const label = images.label(index) ?? 0;
    seen[label] = (seen[label] ?? -1) + 1;
    return { index, label, round: seen[label] };
  });
  rounds.sort((a, b) => a.round - b.round || a.label - b.label);
  const examples = await Promise.all(rounds.slice(0, count).map(({ index }) => images.get(index)));
  return examples.map((example) => ({ ...example, name: images.classes?.[example.label ?? 0] ?? example.name }));
}

async function reconstruct(
  { tokenizer, settings }: PictureOptions,
  examples: readonly Example[],
): Promise<Reconstruction[]> {
  const views = examples.map(({ image }) => evalView(image, settings.tokenView));
  const ids = Array.from(await tokensOf(tokenizer, views));
  const cells = ids.length / examples.length;
  const restored = imagesOf(await decodeTokens(tokenizer, ids), tokenizer.config);
  return examples.map(({ name }, i) => ({
    name,
    original: imagesOf(views[i], tokenizer.config)[0],
    restored: restored[i],
    visualTokens: ids.slice(i * cells, (i + 1) * cells),
  }));
}

async function codebookEntries({ tokenizer, tokenCounts, beit }: PictureOptions): Promise<CodebookEntry[]> {
  const total = tokenCounts.reduce((sum, count) => sum + count, 0);
  const ids = tokenCounts.map((_, id) => id).filter((id) => tokenCounts[id] > 0);
  const used = ids.sort((a, b) => tokenCounts[b] - tokenCounts[a] || a - b).slice(0, most.codebook);
  const cells = patchCount(beit.config);
  const filled = used.flatMap((id) => new Array<number>(cells).fill(id));
  const images = imagesOf(await decodeTokens(tokenizer, filled), tokenizer.config);
  return used.map((id, i) => ({ id, share: tokenCounts[id] / total, image: images[i] }));
}

async function restore(
  { beit, tokenizer, settings }: PictureOptions,
  all: readonly Example[],
  reconstructions: readonly Reconstruction[],
): Promise<Restoration[]> {
  const examples = all.slice(0, most.restorations);
  const masks = examples.map((_, index) => exampleMask(gridOf(beit.config), settings.recipes.pretrain, index));
  const predicted = await predictTokens(beit, pixelsOf(beit, examples, settings), masks);
  const own = reconstructions.map(({ visualTokens }) => visualTokens);
  const filled = masks.map(({ cells }, i) =>
    own[i].map((id, cell) => (cells[cell] === 1 ? (predicted[i].get(cell) as number) : id)),
  );
  const decoded = imagesOf(await decodeTokens(tokenizer, filled.flat()), tokenizer.config);
  const originals = examples.map((example) => seenBy(beit, example, settings));
  return masks.map((mask, i) => ({
    name: examples[i].name,
    original: originals[i],
    mask,
    restored: composite(originals[i], resizedAs(originals[i], decoded[i]), mask),
    tokenized: reconstructions[i].restored,
    right: [...predicted[i]].filter(([cell, id]) => own[i][cell] === id).length,
  }));
}

// The most likely token of every masked patch, by patch, for each image.
async function predictTokens(beit: Beit, pixels: Tensor, masks: readonly Mask[]): Promise<Map<number, number>[]> {
  const best = scope(pixels.backend, () =>
    argmax(visualTokenLogits(beit, encodeMasked(beit, pixels, { mask: masks }), masks)),
  );
  const ids = await best.read();
  disposeTree([best, pixels]);
  let next = 0;
  return masks.map(
    ({ cells }) =>
      new Map(Array.from(cells.keys()).flatMap((cell) => (cells[cell] === 1 ? [[cell, ids[next++]] as const] : []))),
  );
}

async function attend({ beit, settings }: PictureOptions, examples: readonly Example[]): Promise<AttentionPicture[]> {
  const { heads } = beit.config;
  const tokens = patchCount(beit.config) + 1;
  const pictures: AttentionPicture[] = [];
  for (const example of examples) {
    const image = seenBy(beit, example, settings);
    const patches = contrastingPatches(image, gridOf(beit.config), most.queries);
    const pixels = pixelsOf(beit, [example], settings);
    const [map] = attentionMaps(beit, pixels, { patches }); // [1, H, patches, N + 1]
    const values = await map.read();
    disposeTree([map, pixels]);
    // Column 0 is the class token.
    const row = (head: number, query: number) =>
      Float32Array.from(
        values.slice((head * patches.length + query) * tokens + 1, (head * patches.length + query + 1) * tokens),
      );
    const queries = patches.map((patch, query) => ({
      patch,
      heads: Array.from({ length: heads }, (_, head) => row(head, query)),
    }));
    pictures.push({ name: example.name, image, queries });
  }
  return pictures;
}

function sampleMasks(grid: Grid, recipe: DemoSettings["recipes"]["pretrain"]): ReportData["masks"] {
  const masks = Array.from({ length: masksForStatistics }, (_, index) => exampleMask(grid, recipe, index));
  const target = "count" in recipe.mask ? { target: recipe.mask.count } : {};
  return { statistics: maskStatistics(masks, target), samples: masks.slice(0, most.samples) };
}

// The masks that training draws in its first epoch.
function exampleMask(
  grid: Grid,
  { mask, seed }: { readonly mask: MaskRecipe; readonly seed: number },
  index: number,
): Mask {
  return drawMask(grid, mask, { seed, epoch: 0, index });
}

function pixelsOf({ config, params }: Beit, examples: readonly Example[], { pixelView }: DemoSettings): Tensor {
  const views = examples.map(({ image }) => evalView(image, pixelView));
  return viewBatch(views, config, params.classToken.backend);
}

// An example as the encoder sees it, as a picture.
function seenBy({ config }: Beit, { image }: Example, { pixelView }: DemoSettings): Image {
  return imagesOf(evalView(image, { ...pixelView, normalization: "unit" }), config)[0];
}

// The tokenizer may work on fewer pixels than the encoder.
function resizedAs({ width, height }: Image, image: Image): Image {
  return resize(image, { width, height, filter: "bicubic" });
}
