// Measures features of every source and block by one method, over all labels or over several draws of a few.
import { meanAndSpread, takeRows, type FeatureTable, type ProbeScores } from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import type { ProbeImages } from "./images.ts";
import type { FeatureSource } from "./sources.ts";

/** What a method says of a table to learn from and one to measure on; without the latter, every row by all others. */
export type Measured = ProbeScores & { readonly heldOutAccuracy?: number; readonly l2?: number };
export type Measure = (train: FeatureTable, test: FeatureTable | undefined) => Promise<Measured>;

/** Of one source and block. */
export type ProbeRow = {
  readonly features: FeatureSource["name"];
  readonly block: number | null;
  readonly width: number;
  /** Mean over draws. */
  readonly accuracy: number;
  /** Standard deviation over draws. */
  readonly spread?: number;
  /** Of each draw. */
  readonly accuracies?: readonly number[];
  /** Mean over draws, of the part of the images to learn from that chose the weight decay. */
  readonly heldOutAccuracy?: number;
  /** Weight decay that was chosen, of each draw where there are several. */
  readonly l2?: number | readonly number[];
  /** [true class][predicted class], added up over draws. */
  readonly confusion: readonly (readonly number[])[];
};

/** Measures sources one after another: the features of one are in memory at a time. */
export async function measureSources(
  sources: readonly FeatureSource[],
  images: ProbeImages,
  measure: Measure,
  { terminal }: Context,
): Promise<readonly ProbeRow[]> {
  const rows: ProbeRow[] = [];
  const { train, test, draws } = images;
  for (const source of sources) {
    const trained = await source.tables(train, `features of ${source.name}, to learn from`);
    const tested = test && (await source.tables(test, `features of ${source.name}, to measure on`));
    const { blocks } = source;
    const progress = terminal.progress({ label: `measuring ${source.name}`, total: blocks.length, unit: "tables" });
    try {
      for (const [i, block] of blocks.entries()) {
        const measured: Measured[] = [];
        for (const draw of draws ?? [undefined]) {
          measured.push(await measure(draw ? takeRows(trained[i], draw) : trained[i], tested?.[i]));
        }
        const scores = draws ? ofDraws(measured, images.classes.length) : padded(measured[0], images.classes.length);
        rows.push({ features: source.name, block, width: trained[i].width, ...scores });
        progress.update(i + 1, "");
      }
    } finally {
      progress.stop();
    }
  }
  return rows;
}

type Scores = Omit<ProbeRow, "features" | "block" | "width">;

function ofDraws(measured: readonly Measured[], classes: number): Scores {
  const accuracies = measured.map(({ accuracy }) => accuracy);
  const { mean, spread } = meanAndSpread(accuracies);
  const heldOut = measured.flatMap(({ heldOutAccuracy }) => heldOutAccuracy ?? []);
  const l2 = measured.flatMap((one) => one.l2 ?? []);
  const confusions = measured.map((one) => padded(one, classes).confusion);
  return {
    ...{ accuracy: mean, spread, accuracies },
    ...(heldOut.length > 0 && { heldOutAccuracy: meanAndSpread(heldOut).mean }),
    ...(l2.length > 0 && { l2 }),
    confusion: confusions[0].map((row, i) => row.map((_, j) => confusions.reduce((sum, one) => sum + one[i][j], 0))),
  };
}

// Classes that nothing is of and nothing was taken for are rows and columns, too.
function padded<Given extends ProbeScores>(scores: Given, classes: number): Given {
  const all = Array.from({ length: classes }, (_, i) => i);
  return { ...scores, confusion: all.map((i) => all.map((j) => scores.confusion[i]?.[j] ?? 0)) };
}
