// The paper's ablation on a user's images: tokenizer, rows by seeds, what their encoders are worth, and the table. (BEiT, Table 4)
import { disposeTree } from "@beitjs/tensor-core";
import { createRng, streams } from "@beitjs/tensor-core/random";
import { initBeit } from "@beitjs/beit-encoder";
import { pixelEvalView, pretrainingConfig } from "@beitjs/trainers";
import { join } from "node:path";
import { openBackend } from "../backends/open.ts";
import { heading } from "../demo/parts.ts";
import { openEncoder } from "../models/open-beit.ts";
import { openProbeImages } from "../probes/images.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { inRunFolder, writeResult } from "../runs/folder.ts";
import { renderAblation } from "../studies/ablate-page.ts";
import { planAblation, trainRow, type AblationPlan } from "../studies/ablate-runs.ts";
import { fewLabelsOf, scoresOfNetwork, type MeasuredNetwork, type MeasureOptions } from "../studies/ablate-scores.ts";
import { summarizeRows, untrainedRow, type ScoredNetwork } from "../studies/ablate-summary.ts";
import { ablationLines, tableNotes } from "../studies/ablate-table.ts";
import type { ablateFlags } from "./declarations/ablate.ts";

type Flags = FlagValues<typeof ablateFlags>;

export async function run(flags: Flags, context: Context): Promise<number> {
  const { backend, facts } = await openBackend(flags, context);
  const machine = { backend, facts };
  await inRunFolder(flags.out, flags, context, async () => {
    heading("1/3 tokenizer and images", context);
    const plan = await planAblation(flags, machine, context);
    const { model, seed } = plan.recipe.of;
    const probed = { ...flags, ...noFewLabels, trainSplit: "train", seed } as const;
    const images = await openProbeImages(probed, { channels: model.channels, leavesOneOut: false }, context);
    const { runs } = plan;
    const { labelsPerClass, tries, batch } = flags;
    const measuring = { images, labelsPerClass, tries, batch, seed, backend };
    // Too few of a class are said before the work.
    await fewLabelsOf(measuring);
    heading(`2/3 ${runs.length} runs of ${plan.stepsEach} steps`, context);
    for (const [i, one] of runs.entries()) {
      context.terminal.info(`run ${i + 1} of ${runs.length}: ${one.row}, seed ${one.seed}`);
      await trainRow(one, plan, flags, machine, context);
    }
    heading("3/3 what the features are worth", context);
    const networks = await measureAll(plan, measuring, flags, context);
    await finish(plan, { flags, images, networks }, context);
  });
  return exitCodes.done;
}

// Few labels are drawn of all the images, whose features are there anyway.
const noFewLabels = { labelsPerClass: undefined, tries: undefined };

async function measureAll(
  plan: AblationPlan,
  options: MeasureOptions,
  flags: Flags,
  context: Context,
): Promise<readonly ScoredNetwork[]> {
  const networks: ScoredNetwork[] = [];
  for (const { row, seed, folder } of plan.runs) {
    const { beit, view, sha256 } = await openEncoder(folder, options.backend, {}, context);
    const use: MeasuredNetwork["use"] = (body) => body({ beit, view });
    const network = { name: `${row}, seed ${seed}`, folder, weights: sha256, use };
    const scores = await scoresOfNetwork(network, options, context).finally(() => disposeTree(beit.params));
    networks.push({ row, seed, scores });
  }
  const seeds = [...new Set(plan.runs.map(({ seed }) => seed))];
  for (const seed of seeds) {
    const network = untrained(plan, seed, options, flags);
    networks.push({ row: untrainedRow, seed, scores: await scoresOfNetwork(network, options, context) });
  }
  return networks;
}

// The network as training would begin.
function untrained(
  { recipe: { of } }: AblationPlan,
  seed: number,
  { backend }: MeasureOptions,
  { out }: Flags,
): MeasuredNetwork {
  return {
    name: `${untrainedRow}, seed ${seed}`,
    folder: join(out, `${untrainedRow}-${seed}`),
    weights: JSON.stringify([of.model, of.initStd, seed]),
    use: (body) => {
      const rng = createRng({ seed, stream: streams.parameters });
      const beit = initBeit(pretrainingConfig(of), rng, backend, { std: of.initStd });
      return body({ beit, view: pixelEvalView(of.views) }).finally(() => disposeTree(beit.params));
    },
  };
}

type Found = {
  readonly flags: Flags;
  readonly images: Awaited<ReturnType<typeof openProbeImages>>;
  readonly networks: readonly ScoredNetwork[];
};

async function finish(plan: AblationPlan, { flags, images, networks }: Found, { terminal }: Context): Promise<void> {
  const { labelsPerClass, tries, out, data, seeds } = flags;
  const { recipe, stepsEach, tokenizer, opened } = plan;
  const texts = { labelsPerClass, seeds };
  const rows = summarizeRows(networks);
  const notes = tableNotes(texts);
  const result = {
    ...{ data, images: opened.images.length, ...images.facts, classes: images.classes },
    ...{ tokenizer: { path: tokenizer.path, sha256: tokenizer.sha256 }, seeds, steps: stepsEach },
    ...{ labelsPerClass, tries, notes, rows, recipe: { name: recipe.name, ...recipe.of } },
  };
  terminal.result(ablationLines(rows, texts));
  for (const note of notes) terminal.info(note);
  terminal.event("ablation", result);
  const [json, page] = ["ablation.json", "ablation.html"].map((name) => join(out, name));
  await writeResult(json, `${JSON.stringify(result, null, 2)}\n`);
  await writeResult(page, renderAblation(result, rows, texts));
  terminal.info(`figures: ${json}; page: ${page}; the runs' curves: beit report ${out}`);
}
