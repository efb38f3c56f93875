// The trainings of an ablation: one tokenizer, and with it every row of the table by every seed, each in a folder of its own that is gone
// on with where it stopped.
import { join } from "node:path";
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import type { Backend } from "@beitjs/tensor-core";
import {
  ablated,
  ablationRows,
  checkRecipe,
  fitToTokenizer,
  RecipeError,
  requireLabels,
  stepsPerEpoch,
  type PretrainRecipe,
} from "@beitjs/trainers";
import type { BackendFacts } from "../backends/open.ts";
import { imageFacts, openImages, type OpenedImages, type ReadingFlags } from "../images/images.ts";
import { openTokenizerEncoder } from "../models/open-tokenizer.ts";
import type { Context } from "../program/command.ts";
import { asWrongUse, messageOf, usageError } from "../program/exit-codes.ts";
import type { RecipeShortcuts } from "../runs/assignments.ts";
import { recipeForImages, recipeForTokenizer, requestOf } from "../runs/default-recipe.ts";
import { checkLength } from "../runs/length.ts";
import { refuseMismatch } from "../runs/mismatch.ts";
import { loadRecipe } from "../runs/recipe-file.ts";
import { runStage } from "../runs/run-stage.ts";
import { runFacts } from "../runs/training-run.ts";

export type AblationFlags = ReadingFlags &
  RecipeShortcuts & {
    readonly data: string;
    readonly out: string;
    readonly tokenizer: string | undefined;
    readonly tokenizerRecipe: string | undefined;
    readonly tokenizerEpochs: number | undefined;
    readonly rows: readonly string[];
    readonly seeds: number;
    readonly recipe: string | undefined;
    readonly set: readonly string[];
    readonly steps: number | undefined;
    readonly saveEvery: number;
    readonly takeOver: boolean;
    readonly recompute: boolean;
  };

export type Machine = { readonly backend: Backend; readonly facts: BackendFacts };

export type PlannedRun = {
  readonly row: string;
  readonly seed: number;
  readonly folder: string;
  readonly recipe: PretrainRecipe;
};

export type AblationPlan = {
  readonly runs: readonly PlannedRun[];
  /** What the runs are called by, and their first row's recipe. */
  readonly recipe: { readonly name: string; readonly of: PretrainRecipe };
  readonly tokenizer: { readonly model: TokenizerEncoder; readonly path: string; readonly sha256: string };
  readonly opened: OpenedImages;
  readonly stepsEach: number;
};

/**
 * Opens or trains the tokenizer, and says which runs there will be.
 *
 * @throws a usage error for a recipe that does not pre-train as BEiT does, and for rows that there are not
 */
export async function planAblation(flags: AblationFlags, machine: Machine, context: Context): Promise<AblationPlan> {
  const rows = chosenRows(flags.rows);
  if (flags.steps !== undefined && flags.epochs !== undefined)
    throw usageError("--steps and --epochs say the same of the runs; give one of them");
  // What cannot be is said before a tokenizer is trained; which recipe it will be without a name, that one says.
  const provisional = { ...flags, recipe: flags.recipe ?? "pretrain-small" };
  refuseOtherWays(await loadRecipe(provisional, ["pretrain"], { later: () => true }));
  const path = flags.tokenizer ?? (await trainedTokenizer(flags, machine, context));
  const { tokenizer: model, ...tokenizer } = await openTokenizerEncoder(path, machine.backend, {}, context);
  const request = requestOf(flags, recipeForTokenizer(model.config), context);
  const fit = { to: "the tokenizer", change: (base: PretrainRecipe) => fitToTokenizer(base, model) };
  const given = whole(await loadRecipe(request, ["pretrain"], { ...context, fit, later: isPixels }));
  refuseMismatch(given, model);
  const opened = await openTraining(flags, given.model.channels, context);
  const perEpoch = stepsPerEpoch(opened.images, given);
  const epochs = flags.steps === undefined ? given.epochs : Math.ceil(flags.steps / perEpoch);
  const of = { ...given, epochs };
  await checkLength(of, opened.images, { ...request, resume: "auto" });
  const runs = rows.flatMap((row) =>
    Array.from({ length: flags.seeds }, (_, i) => {
      const seed = of.seed + i;
      return { row, seed, folder: join(flags.out, `${row}-${seed}`), recipe: { ...ablated(of, row), seed } };
    }),
  );
  return {
    runs,
    recipe: { name: request.recipe, of },
    tokenizer: { model, path: tokenizer.path, sha256: tokenizer.sha256 },
    opened,
    stepsEach: epochs * perEpoch,
  };
}

/** Trains a row by a seed, or goes on with it; of one that is done there is nothing to do. */
export async function trainRow(
  { recipe, folder: out }: PlannedRun,
  { tokenizer, opened }: AblationPlan,
  flags: AblationFlags,
  machine: Machine,
  context: Context,
): Promise<void> {
  const ofTokens = recipe.target === "tokens";
  const { recompute } = flags;
  await runStage(
    "pretrain",
    {
      ...{ recipe, images: opened.images, backend: machine.backend, recompute },
      ...(ofTokens && { tokenizer: tokenizer.model }),
    },
    stageRun(
      { ...flags, out },
      {
        opened,
        facts: machine.facts,
        ...(ofTokens && { tokenizer: tokenizer.path, tokenizerWeights: tokenizer.sha256 }),
      },
    ),
    context,
  );
}

async function trainedTokenizer(flags: AblationFlags, machine: Machine, context: Context): Promise<string> {
  const out = join(flags.out, "tokenizer");
  const { tokenizerRecipe, tokenizerEpochs: epochs } = flags;
  const asked = { recipe: tokenizerRecipe, set: [], epochs };
  const provisional = await loadRecipe({ ...asked, recipe: tokenizerRecipe ?? "tokenizer-small" }, ["tokenizer"]);
  const opened = await openTraining(flags, provisional.model.channels, context);
  const request = requestOf(asked, await recipeForImages(opened.images, "tokenizer"), context);
  const recipe = await loadRecipe(request, ["tokenizer"], context);
  await checkLength(recipe, opened.images, { ...request, out, resume: "auto" });
  const { backend, facts } = machine;
  await runStage(
    "tokenizer",
    { recipe, images: opened.images, backend },
    stageRun({ ...flags, out }, { opened, facts }),
    context,
  );
  return out;
}

type Taken = {
  readonly opened: OpenedImages;
  readonly facts: BackendFacts;
  readonly tokenizer?: string;
  readonly tokenizerWeights?: string;
};

function stageRun(flags: AblationFlags, { opened, facts, tokenizer, tokenizerWeights }: Taken) {
  const { data, out, saveEvery, takeOver } = flags;
  const { images, skipped } = opened;
  return {
    ...{ out, saveEvery, takeOver, opened, resume: "auto", keep: undefined, test: undefined, fork: undefined },
    ...{ acceptChangedData: false, dryRun: false },
    identity: { data: imageFacts(images, flags), ...(tokenizerWeights !== undefined && { tokenizerWeights }) },
    facts: runFacts({ data, skipped, backend: facts, ...(tokenizer !== undefined && { tokenizer }) }),
  };
}

async function openTraining(flags: AblationFlags, channels: number, context: Context): Promise<OpenedImages> {
  const { data } = flags;
  const opened = await openImages(data, { ...flags, split: "train", channels }, context);
  // Features are measured by classes.
  await asWrongUse(`--data ${data}`, () => requireLabels(opened.images));
  return opened;
}

function chosenRows(asked: readonly string[]): readonly string[] {
  const all = ablationRows.map(({ name }) => name);
  const unknown = asked.find((name) => !all.includes(name));
  if (unknown !== undefined) throw usageError(`--rows ${unknown}: expected some of ${all.join(", ")}`);
  return asked.length === 0 ? all : all.filter((name) => asked.includes(name));
}

// How pixels are compared is said of the rows that predict them.
const isPixels = (path: readonly unknown[]): boolean => path.join(".") === "pixels";

// The recipe, if it is one that rows can change.
function whole(recipe: PretrainRecipe): PretrainRecipe {
  refuseOtherWays(recipe, (changed) => void checkRecipe("ablate", changed, "pretrain"));
  return recipe;
}

function refuseOtherWays(recipe: PretrainRecipe, check: (changed: PretrainRecipe) => void = () => undefined): void {
  try {
    for (const { name } of ablationRows) check(ablated(recipe, name));
  } catch (error) {
    throw error instanceof RecipeError ? usageError(messageOf(error), error) : error;
  }
}
