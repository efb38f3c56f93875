// The report's curves from metrics.jsonl.
import type { FineTuneCurves, ReportData } from "../report/report-data.ts";
import { curveOf, epochMeans, readMetrics } from "./metrics-file.ts";
import type { DemoRecipes } from "./settings.ts";
import { stageNames, type Start } from "./stages.ts";

/** Curves of all stages; of several seeds the first. */
export async function readCurves(out: string, { fineTune: recipe }: DemoRecipes): Promise<ReportData["curves"]> {
  const tokenizer = await readMetrics(out, stageNames.tokenizer);
  const pretrain = await readMetrics(out, stageNames.pretrain);
  const fineTune = async (start: Start): Promise<FineTuneCurves> => {
    const lines = await readMetrics(out, stageNames.fineTune(recipe.seed, start));
    const stepsPerEpoch = lines.length / recipe.epochs;
    return { train: epochMeans(lines, "accuracy", stepsPerEpoch), test: curveOf(lines, "testAccuracy", stepsPerEpoch) };
  };
  return {
    tokenizer: {
      reconstruction: curveOf(tokenizer, "reconstruction"),
      kl: curveOf(tokenizer, "kl"),
      perplexity: curveOf(tokenizer, "perplexity"),
    },
    pretrain: { loss: curveOf(pretrain, "loss"), accuracy: curveOf(pretrain, "accuracy") },
    fineTune: { pretrained: await fineTune("pretrained"), scratch: await fineTune("scratch") },
  };
}
