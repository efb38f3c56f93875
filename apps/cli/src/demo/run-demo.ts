// The whole loop on real images: data, tokenizer, pre-training, fine-tuning with few labels against the same network from
// scratch, figures and report. (BEiT, sections 2 and 3, in small)
import type { Backend } from "@beitjs/tensor-core";
import { heightWidth } from "@beitjs/tensor-core/grid";
import { demoPretrain } from "@beitjs/trainers";
import type { BackendFacts } from "../backends/open.ts";
import type { ReadingFlags } from "../images/images.ts";
import type { Context } from "../program/command.ts";
import { cliVersion } from "../program/version.ts";
import { prepareData } from "./data.ts";
import { finishDemo, type DemoResult } from "./finish-demo.ts";
import { fineTunedPairs, heading, pretrainedEncoder, trainedTokenizer } from "./parts.ts";
import { demoSettings, labelsPerClass } from "./settings.ts";
import type { StageOptions } from "./stages.ts";
import { openTimes } from "./times.ts";
import { measureYardsticks } from "./yardsticks.ts";

export type DemoOptions = ReadingFlags & {
  readonly data: string;
  /** Run folder, which exists and is held by the caller. */
  readonly out: string;
  readonly seeds: number;
  readonly short: boolean;
};

type Machine = { readonly backend: Backend; readonly facts: BackendFacts };

/**
 * Runs a demo, or goes on with one that was stopped: finished stages are loaded. Tokenizer and pre-training are made once,
 * the pair of fine-tunings once a seed.
 *
 * @throws as the stages do; nothing is trained before data and settings are known to be good
 */
export async function runDemo(options: DemoOptions, machine: Machine, context: Context): Promise<DemoResult> {
  const { data: path, out, short, seeds, ...reading } = options;
  const { pixelSize, tokenSize } = demoPretrain.views;
  const times = await openTimes(out, context.host.elapsed);
  heading("1/5 images", context);
  const data = await times.measure("data", () =>
    prepareData(
      {
        ...reading,
        path,
        imageSize: Math.max(...[pixelSize, tokenSize].flatMap((size) => Object.values(heightWidth(size)))),
        labelsPerClass,
        short,
      },
      context,
    ),
  );
  const settings = demoSettings(data, { short });
  const stages: StageOptions = {
    out,
    backend: machine.backend,
    data,
    settings,
    facts: { backend: machine.facts, beit: cliVersion() },
  };
  const tokenizer = await times.measure("tokenizer", () => trainedTokenizer(stages, context));
  const pretrained = await times.measure("pretrain", () => pretrainedEncoder(stages, tokenizer.trained, context));
  const pairs = await fineTunedPairs(stages, pretrained.trained, { seeds, times }, context);
  heading("5/5 simpler classifiers of the same labels, report", context);
  const { signal } = context.interrupt;
  const yardsticks = await times.measure("yardsticks", () =>
    measureYardsticks(stages, pretrained.trained.model, { seeds, signal }),
  );
  const made = { tokenizer, pretrained, pairs, yardsticks };
  return finishDemo({ short, stages, machine: machine.facts, ...made, times }, context);
}
