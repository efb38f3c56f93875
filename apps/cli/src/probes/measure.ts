// Measures features of every source and block by one method, over all labels or over several draws of a few.
import { meanAndSpread, subset, takeRows, type Dataset, type FeatureTable, type ProbeScores } from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import type { ProbeImages } from "./images.ts";
import type { FeatureSource } from "./sources.ts";

/** What a method says of a table to learn from and one to measure on; without the latter, every row by all others. */
export type Measured = ProbeScores & {
  readonly heldOutAccuracy?: number;
  readonly l2?: number;
  readonly rate?: number;
};
export type Measure = (train: FeatureTable, test: FeatureTable | undefined) => Promise<Measured>;

/** Of all blocks of an encoder at once, by views of the images to learn from. Pixels are measured by their table. */
export type MeasureViews = (
  source: FeatureSource & { readonly encoder: Encoder },
  train: Dataset,
  tests: readonly FeatureTable[],
) => Promise<readonly Measured[]>;
type Encoder = NonNullable<FeatureSource["encoder"]>;

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
  /** Peak of the learning rate that was chosen, likewise. */
  readonly rate?: number | readonly number[];
  /** [true class][predicted class], added up over draws. */
  readonly confusion: readonly (readonly number[])[];
};

/** Measures sources one after another: the features of one are in memory at a time. */
export async function measureSources(
  sources: readonly FeatureSource[],
  images: ProbeImages,
  { measure, measureViews }: { readonly measure: Measure; readonly measureViews?: MeasureViews | undefined },
  context: Context,
): Promise<readonly ProbeRow[]> {
  const rows: ProbeRow[] = [];
  const { train, test, draws } = images;
  const { terminal } = context;
  for (const source of sources) {
    const { encoder } = source;
    if (measureViews && encoder) {
      rows.push(...(await rowsOfViews({ ...source, encoder }, images, measureViews)));
      continue;
    }
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
        rows.push(rowOf({ features: source.name, block, width: trained[i].width }, measured, images));
        progress.update(i + 1, "");
      }
    } finally {
      progress.stop();
    }
  }
  return rows;
}

async function rowsOfViews(
  source: FeatureSource & { readonly encoder: Encoder },
  images: ProbeImages,
  measureViews: MeasureViews,
): Promise<readonly ProbeRow[]> {
  const { train, test, draws } = images;
  const tests = await source.tables(test as Dataset, `features of ${source.name}, to measure on`);
  const measured: (readonly Measured[])[] = [];
  for (const draw of draws ?? [undefined]) {
    measured.push(await measureViews(source, draw ? subset(train, draw) : train, tests));
  }
  return source.blocks.map((block, i) => {
    const ofBlock = measured.map((draw) => draw[i]);
    return rowOf({ features: source.name, block, width: tests[i].width }, ofBlock, images);
  });
}

type Of = Pick<ProbeRow, "features" | "block" | "width">;
type Scores = Omit<ProbeRow, keyof Of>;

function rowOf(of: Of, measured: readonly Measured[], { draws, classes: { length } }: ProbeImages): ProbeRow {
  return { ...of, ...(draws ? ofDraws(measured, length) : padded(measured[0], length)) };
}

function ofDraws(measured: readonly Measured[], classes: number): Scores {
  const accuracies = measured.map(({ accuracy }) => accuracy);
  const { mean, spread } = meanAndSpread(accuracies);
  const heldOut = measured.flatMap(({ heldOutAccuracy }) => heldOutAccuracy ?? []);
  const l2 = measured.flatMap((one) => one.l2 ?? []);
  const rates = measured.flatMap((one) => one.rate ?? []);
  const confusions = measured.map((one) => padded(one, classes).confusion);
  return {
    ...{ accuracy: mean, spread, accuracies },
    ...(heldOut.length > 0 && { heldOutAccuracy: meanAndSpread(heldOut).mean }),
    ...(l2.length > 0 && { l2 }),
    ...(rates.length > 0 && { rate: rates }),
    confusion: confusions[0].map((row, i) => row.map((_, j) => confusions.reduce((sum, one) => sum + one[i][j], 0))),
  };
}

// Classes that nothing is of and nothing was taken for are rows and columns, too.
function padded<Given extends ProbeScores>(scores: Given, classes: number): Given {
  const all = Array.from({ length: classes }, (_, i) => i);
  return { ...scores, confusion: all.map((i) => all.map((j) => scores.confusion[i]?.[j] ?? 0)) };
}
