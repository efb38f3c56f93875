// The report's curves from metrics.jsonl.
import type { FineTuneCurves, ReportData } from "../report/report-data.ts";
import { curveOf, epochMeans, readMetrics } from "./metrics-file.ts";
import { recipeOf, type DemoRecipes, type Start } from "./settings.ts";
import { marks } from "./stages.ts";

/** Curves of all stages; of several seeds the first. */
export async function readCurves(out: string, recipes: DemoRecipes): Promise<ReportData["curves"]> {
  const tokenizer = await readMetrics(out, marks.tokenizer);
  const pretrain = await readMetrics(out, marks.pretrain);
  const fineTune = async (start: Start): Promise<FineTuneCurves> => {
    const recipe = recipeOf(recipes, start, recipes.fineTune.seed);
    const lines = await readMetrics(out, marks.fineTune(recipe.seed, start));
    const stepsPerEpoch = lines.length / recipe.epochs;
    return {
      train: epochMeans(lines, "accuracy", stepsPerEpoch),
      test: curveOf(lines, "test/accuracy", stepsPerEpoch),
    };
  };
  return {
    tokenizer: {
      reconstruction: curveOf(tokenizer, "reconstruction"),
      kl: curveOf(tokenizer, "kl"),
      perplexity: curveOf(tokenizer, "perplexity"),
      testPerplexity: curveOf(tokenizer, "test/perplexity"),
    },
    pretrain: {
      loss: curveOf(pretrain, "loss"),
      accuracy: curveOf(pretrain, "accuracy"),
      testLoss: curveOf(pretrain, "test/loss"),
      testAccuracy: curveOf(pretrain, "test/accuracy"),
    },
    fineTune: { pretrained: await fineTune("pretrained"), scratch: await fineTune("scratch") },
  };
}
