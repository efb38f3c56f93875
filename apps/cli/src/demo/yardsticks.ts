// What the figures of fine-tuning are to be read beside: simpler classifiers of the same labels, on the frozen features of the
// pre-trained network, on those of a network that learned nothing, and on the pixels. (BEiT, appendix D)
import { initBeit, type Beit } from "@beitjs/beit-encoder";
import { disposeTree, type Backend } from "@beitjs/tensor-core";
import { createRng, streams } from "@beitjs/tensor-core/random";
import {
  blockFeatures,
  drawFewLabels,
  linearProbe,
  meanAndSpread,
  neighborScores,
  pixelFeatures,
  ridgeScores,
  subset,
  takeRows,
  type Dataset,
  type FeatureTable,
} from "@beitjs/trainers";
import { middleBlock } from "../probes/sources.ts";
import { labelsPerClass } from "./settings.ts";
import type { StageOptions } from "./stages.ts";
import type { Yardstick } from "./summary.ts";

type Tables = { readonly labeled: FeatureTable; readonly test: FeatureTable };
type Way = { readonly name: Yardstick["name"]; readonly tables: Tables; readonly measure: Measure };
type Measure = (train: FeatureTable, test: FeatureTable, seed: number) => Promise<number>;

/** Accuracies on the test images, for the labels that fine-tuning had: those of `seeds` draws from the recipe's seed on. */
export async function measureYardsticks(
  { backend, data, settings }: StageOptions,
  pretrained: Beit,
  { seeds, signal }: { readonly seeds: number; readonly signal: AbortSignal },
): Promise<readonly Yardstick[]> {
  const view = settings.pixelView;
  const first = settings.recipes.fineTune.seed;
  const { images, draws } = drawFewLabels(data.labeled.images, { perClass: labelsPerClass, tries: seeds, seed: first });
  const labeled = subset(data.labeled.images, images);
  const both = async (of: (images: Dataset) => Promise<FeatureTable>): Promise<Tables> => ({
    labeled: await of(labeled),
    test: await of(data.test.images),
  });
  const blocks = [middleBlock(pretrained.config.depth)];
  const features = (beit: Beit) =>
    both(async (images) => (await blockFeatures(beit, images, { view, blocks, signal }))[0]);
  const { seed, initStd } = settings.recipes.pretrain;
  const untrained = initBeit(pretrained.config, createRng({ seed, stream: streams.parameters }), backend, {
    std: initStd,
  });
  const random = await features(untrained).finally(() => disposeTree(untrained.params));
  const learned = await features(pretrained);
  const pixels = await both((images) => pixelFeatures(images, { view, signal }));
  const probe = probeOn(backend);
  const ways: readonly Way[] = [
    { name: "linear probe of the pre-trained", tables: learned, measure: probe },
    { name: "nearest neighbors of the pre-trained", tables: learned, measure: neighborsOn(backend) },
    { name: "linear probe of a random network", tables: random, measure: probe },
    { name: "ridge regression on the pixels", tables: pixels, measure: ridgeOn(backend) },
  ];
  const found: Yardstick[] = [];
  for (const { name, tables, measure } of ways) {
    const accuracies: number[] = [];
    for (const [i, draw] of draws.entries()) {
      signal.throwIfAborted();
      accuracies.push(await measure(takeRows(tables.labeled, draw), tables.test, first + i));
    }
    const { mean, spread } = meanAndSpread(accuracies);
    found.push({ name, accuracy: mean, standardDeviation: spread, seeds: accuracies });
  }
  return found;
}

function probeOn(backend: Backend): Measure {
  return async (train, test, seed) => (await linearProbe(train, test, { seed, backend })).accuracy;
}

function ridgeOn(backend: Backend): Measure {
  return async (train, test, seed) => (await ridgeScores(train, test, { seed, backend })).accuracy;
}

// No more neighbors than a class has labels.
function neighborsOn(backend: Backend): Measure {
  return async (train, test) => (await neighborScores(train, test, { k: labelsPerClass, backend })).accuracy;
}
