// The mean and std of a data set's channels, told as recipes take them.
import { pixelStatistics, subset, type Dataset } from "@beitjs/trainers";
import type { ImageProblem } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";

/** Reads all images but the bad ones, once more, and tells. Grey and color are what they are read as. */
export async function tellStatistics(
  dataset: Dataset,
  bad: readonly ImageProblem[],
  { terminal, interrupt }: Context,
): Promise<void> {
  const out = new Set(bad.map(({ index }) => index));
  const good = Array.from({ length: dataset.length }, (_, index) => index).filter((index) => !out.has(index));
  if (good.length === 0) return;
  const progress = terminal.progress({ label: "measuring images", total: good.length, unit: "images" });
  const images = subset(dataset, good);
  let read = 0;
  const watched: Dataset = {
    ...images,
    get: (index) => images.get(index).finally(() => progress.update(++read, "")),
  };
  try {
    const { mean, std } = await pixelStatistics(watched, { signal: interrupt.signal });
    const [means, stds] = [mean, std].map(
      (values) => `[${values.map((one) => Number(one.toPrecision(4))).join(", ")}]`,
    );
    terminal.result(`mean: ${means}, std: ${stds}`);
    terminal.event("statistics", { mean, std });
  } finally {
    progress.stop();
  }
}
