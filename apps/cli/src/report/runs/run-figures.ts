// A run in a few figures: how far it is, how good, how fast. Tables, terminal and JSON show the same.
import { stages } from "../../runs/stages.ts";
import type { Fields, RunRecord, RunState } from "./read-run.ts";
import { quantities, seriesOf, splitName, stepsPerEpoch, type Part } from "./series.ts";
import { timesOf } from "./speed.ts";

export type Numbers = Readonly<Record<string, number>>;

export type Evaluated = {
  readonly step: number;
  readonly values: Numbers;
  /** Of averaged weights, where the run averages them. */
  readonly emaValues?: Numbers;
};

export type RunFigures = {
  readonly name: string;
  readonly folder: string;
  readonly stage: string | null;
  readonly state: RunState;
  readonly step: number;
  readonly totalSteps: number | null;
  readonly epoch: number | null;
  readonly epochs: number | null;
  /** Means over the last epoch in training, or over the last steps. */
  readonly training: Numbers;
  /** What the best checkpoint was chosen by. */
  readonly metric: string | null;
  readonly best: (Evaluated & { readonly value: number; readonly checkpoint: string | null }) | null;
  readonly last: Evaluated | null;
  /** On test images: of the best and the last checkpoint at the end, or the last curves of the demo. */
  readonly test: { readonly best: Numbers | null; readonly last: Numbers | null } | null;
  readonly began: string | null;
  readonly lastStep: string | null;
  /** Between the first and the last step, pauses left out. */
  readonly seconds: number | null;
  readonly secondsLeft: number | null;
  readonly imagesPerSecond: number | null;
  /** Of the process, and of the backend; known when a run has ended. */
  readonly peakMemoryBytes: number | null;
  readonly peakBackendBytes: number | null;
  readonly problems: readonly string[];
};

const closingLines = 20;

export function figuresOfRun(run: RunRecord): RunFigures {
  const { name, folder, state, recipe, lines, manifest, summary, problems } = run;
  const step = lines.at(-1)?.step ?? manifest?.step ?? 0;
  const epochs = numberOr(recipe["epochs"]);
  const steps = stepsPerEpoch(run);
  const totalSteps = epochs !== null && steps !== undefined ? Math.round(epochs * steps) : null;
  const times = timesOf(run);
  const left = state === "training" && totalSteps !== null && times ? (totalSteps - step) * times.secondsPerStep : null;
  const call = fieldsOf(summary?.["thisCall"]);
  return {
    ...{ name, folder, state, step, totalSteps, epochs, problems },
    stage: typeof recipe["stage"] === "string" ? recipe["stage"] : null,
    epoch: steps === undefined ? null : step / steps,
    training: closing(run, steps ?? closingLines),
    ...evaluations(run),
    test: testOf(summary, step) ?? testOnTheWay(run),
    began: times ? iso(times.began) : null,
    lastStep: times ? iso(times.ended) : null,
    seconds: times?.seconds ?? null,
    secondsLeft: left,
    imagesPerSecond: times?.imagesPerSecond ?? null,
    peakMemoryBytes: numberOr(call["peakMemoryBytes"]),
    peakBackendBytes: numberOr(call["peakBackendBytes"]),
  };
}

type Better = Readonly<Record<string, { readonly better: "higher" | "lower" }>>;

/** Whether more or less of a metric is better; of one that the stage has with no kind of labels, nothing is known. */
export function betterOf(stage: string | null, metric: string): "higher" | "lower" | undefined {
  if (metric === "loss") return "lower";
  const judged = { ...judgedBy({ stage }), ...judgedBy({ stage, labels: "multi" }) };
  return Object.hasOwn(judged, metric) ? judged[metric].better : undefined;
}

// The recipe is as it was found, and may be another program's.
function judgedBy(recipe: Fields): Better {
  const stage = String(recipe["stage"]);
  if (!Object.hasOwn(stages, stage)) return {};
  const judge = stages[stage as keyof typeof stages].judgedBy as unknown as (recipe: Fields) => Better;
  return judge(recipe);
}

function closing({ lines }: RunRecord, count: number): Numbers {
  const last = lines.slice(-Math.max(1, Math.round(count)));
  const names = [...new Set(last.flatMap(({ values }) => Object.keys(values)))].filter(
    (name) => splitName(name).part === "train",
  );
  const drawn = ["epoch", "learningRate", "weightDecay", "maskedPatches"];
  return Object.fromEntries(
    names.flatMap((name) => {
      const values = last.flatMap((line) => line.values[name] ?? []);
      if (drawn.includes(name) || values.length === 0) return [];
      return [[name, values.reduce((sum, value) => sum + value, 0) / values.length] as const];
    }),
  );
}

function evaluations(run: RunRecord): Pick<RunFigures, "metric" | "best" | "last"> {
  const { manifest, summary, lines, best: kept } = run;
  const state = manifest?.validation;
  const known = fieldsOf(summary?.["validation"]);
  const metric = state?.metric ?? (typeof known["metric"] === "string" ? known["metric"] : undefined) ?? firstMetric(run);
  if (metric === undefined) return { metric: null, best: null, last: null };
  const stage = typeof run.recipe["stage"] === "string" ? run.recipe["stage"] : null;
  const better = betterOf(stage, metric);
  const decides = (at: Evaluated): number | undefined => (at.emaValues ?? at.values)[metric];
  const all = lines.flatMap((line) => evaluatedAt(line.step, line.values));
  const best = all.reduce<Evaluated | undefined>((one, next) => {
    const [a, b] = [one && decides(one), decides(next)];
    if (b === undefined || !better) return one;
    return a === undefined || (better === "higher" ? b > a : b < a) ? next : one;
  }, undefined);
  const value = best && decides(best);
  return {
    metric,
    best:
      best && value !== undefined
        ? { ...best, value, checkpoint: kept && kept.step === best.step ? kept.path : null }
        : null,
    last: all.at(-1) ?? null,
  };
}

function firstMetric(run: RunRecord): string | undefined {
  const measured = quantities([run]).filter(({ key }) => seriesOf(run, "val", key).length > 0);
  return Object.keys(judgedBy(run.recipe)).find((name) => measured.some(({ key }) => key === name)) ?? measured[0]?.key;
}

function evaluatedAt(step: number, values: RunRecord["lines"][number]["values"]): readonly Evaluated[] {
  const [raw, average] = [ofPart(values, "val"), ofPart(values, "val-ema")];
  if (Object.keys(raw).length === 0) return [];
  return [{ step, values: raw, ...(Object.keys(average).length > 0 && { emaValues: average }) }];
}

function ofPart(values: RunRecord["lines"][number]["values"], part: Part): Numbers {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => {
      const split = splitName(name);
      return split.part === part && value !== null ? [[split.key, value] as const] : [];
    }),
  );
}

// Of a run that went on since its summary the figures are of its past.
function testOf(summary: Fields | undefined, step: number): RunFigures["test"] {
  const test = summary?.["test"];
  if (test === undefined || summary?.["step"] !== step) return null;
  const values = (which: string): Numbers | null => {
    const found = fieldsOf(fieldsOf(fieldsOf(test)[which])["values"]);
    const numbers = Object.entries(found).filter((entry): entry is [string, number] => typeof entry[1] === "number");
    return numbers.length > 0 ? Object.fromEntries(numbers) : null;
  };
  return { best: values("best"), last: values("last") };
}

function testOnTheWay({ lines }: RunRecord): RunFigures["test"] {
  const last = lines.map(({ values }) => ofPart(values, "test")).findLast((values) => Object.keys(values).length > 0);
  return last ? { best: null, last } : null;
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function numberOr(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

// A time that is none (a file of another program) is not told.
function iso(seconds: number): string | null {
  const date = new Date(1000 * seconds);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
