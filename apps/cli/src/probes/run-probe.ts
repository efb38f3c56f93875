// What `probe` and `knn` have in common: a model, its images, features of its blocks, figures of each.
import { extname } from "node:path";
import type { Backend } from "@beitjs/tensor-core";
import { openBackend } from "../backends/open.ts";
import { csv } from "../files/csv.ts";
import { refuseTaken } from "../files/taken.ts";
import { openEncoder } from "../models/open-beit.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { pauses } from "../program/interrupt.ts";
import { writeResult } from "../runs/folder.ts";
import type { LayerChoice, probedFlags } from "./flags.ts";
import { openProbeImages, type ProbeImages } from "./images.ts";
import { measureSources, type Measure, type MeasureViews } from "./measure.ts";
import { featureSources } from "./sources.ts";
import { chosenRow, probeCells, probeLines } from "./table.ts";

export type ProbedFlags = FlagValues<typeof probedFlags> & { readonly layers: LayerChoice };

export type ProbeMethod = {
  readonly name: string;
  readonly leavesOneOut: boolean;
  /** Refuses flags that these images are too few for. */
  readonly check?: (images: ProbeImages, learnedFrom: number) => void;
  readonly measure: (backend: Backend, onStep: () => Promise<void>) => Measure;
  /** Instead of tables, of sources that have an encoder. */
  readonly measureViews?: MeasureViews;
  /** Of the flags, for programs. */
  readonly facts: Readonly<Record<string, unknown>>;
  /** What is known of such figures. */
  readonly known: string;
};

/** Measures the features of a model by a method, tells and writes the figures. */
export async function runProbe(flags: ProbedFlags, method: ProbeMethod, context: Context): Promise<number> {
  const { terminal } = context;
  checkOut(flags.out);
  await refuseTaken(flags.out === undefined ? [] : [flags.out], flags);
  const { backend } = await openBackend(flags, context);
  const opened = await openEncoder(flags.model, backend, flags, context);
  const sources = await featureSources(opened, flags, backend, context);
  const channels = opened.view.channels;
  const images = await openProbeImages(flags, { channels, leavesOneOut: method.leavesOneOut }, context);
  method.check?.(images, learnedFrom(images));
  const measure = method.measure(backend, pauses(context));
  const rows = await measureSources(sources, images, { measure, measureViews: method.measureViews }, context);
  const { depth } = opened.beit.config;
  for (const line of probeLines(method.name, { rows, classes: images.classes.length, depth })) terminal.result(line);
  terminal.info(method.known);
  const { row, by } = chosenRow(rows, depth);
  const [{ facts }] = sources;
  const other = sources.find(({ name }) => name === "other")?.facts;
  const result = {
    ...{
      method: method.name,
      ...facts,
      ...(other && { other }),
      data: flags.data,
      ...images.facts,
      ...method.facts,
    },
    ...{ pooling: flags.pooling, seed: flags.seed, classes: images.classes, accuracy: row.accuracy, block: row.block },
    ...{ blockBy: by, rows, known: method.known },
  };
  terminal.event("scores", result);
  if (flags.out !== undefined) {
    const isTable = extname(flags.out) === ".csv";
    await writeResult(flags.out, isTable ? csv(probeCells(rows)) : `${JSON.stringify(result, null, 2)}\n`);
    terminal.info(`figures: ${flags.out}`);
  }
  return exitCodes.done;
}

function checkOut(out: string | undefined): void {
  if (out === undefined || [".json", ".csv"].includes(extname(out))) return;
  throw usageError(`--out ${out}: expected a name that ends in .json or .csv`);
}

function learnedFrom({ train, draws, test }: ProbeImages): number {
  return draws ? draws[0].length : train.length - (test ? 0 : 1);
}
