// Loss and accuracy of a run by step: of what it learns from, smoothed, and of held-out images, as measured.
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { TrainEvaluation, TrainStep } from "../messages.ts";
import { Chart, type Line } from "../parts/chart.tsx";
import { percent } from "../parts/controls.tsx";

type Props = {
  readonly steps: readonly TrainStep[];
  readonly evaluations: readonly TrainEvaluation[];
  /** Whether images are held out, be they looked at yet or not. */
  readonly validated: boolean;
};

const SMOOTHING = 0.9;
const loss = (value: number): string => value.toFixed(2);

export function TrainCurves({ steps, evaluations, validated }: Props): JSX.Element {
  const numbers = useMemo(() => steps.map(({ step }) => step), [steps]);
  const linesOf = (name: "loss" | "accuracy"): readonly Line[] => [
    { label: "training", values: smooth(steps.map((step) => step[name])), color: "--accent" },
    ...(validated ? [{ label: "held out", values: measured(numbers, evaluations, name), ...heldOutLook }] : []),
  ];
  const losses = useMemo(() => linesOf("loss"), [steps, evaluations, validated]);
  const accuracies = useMemo(() => linesOf("accuracy"), [steps, evaluations, validated]);
  return (
    <>
      <div class="charts" key={String(validated)}>
        <section>
          <h2>Loss (training smoothed)</h2>
          <Chart label="Loss" steps={numbers} lines={losses} show={loss} />
        </section>
        <section>
          <h2>Hidden patches predicted right (training smoothed)</h2>
          <Chart label="Hidden patches predicted right" steps={numbers} lines={accuracies} show={percent} />
        </section>
      </div>
      {validated && <p class="note">{inWords(evaluations)}</p>}
    </>
  );
}

const heldOutLook = { color: "--second", dotted: true } as const;

/** The last evaluation and the best one, for those who read no curves. */
function inWords(evaluations: readonly TrainEvaluation[]): string {
  const last = evaluations.at(-1);
  const best = evaluations.findLast((one) => one.best);
  if (!last) return "Held-out images were not looked at yet.";
  const scores = `loss ${last.loss.toFixed(3)}, ${percent(last.accuracy)} right`;
  const since = best && (best === last ? "the best so far" : `the best, ${best.loss.toFixed(3)}, at step ${best.step}`);
  return `Held out at step ${last.step}: ${scores}${since ? `; ${since}` : ""}.`;
}

/** The values of evaluations at their steps, null at all others. */
function measured(
  steps: readonly number[],
  evaluations: readonly TrainEvaluation[],
  name: "loss" | "accuracy",
): (number | null)[] {
  const byStep = new Map(evaluations.map((one) => [one.step, one[name]]));
  return steps.map((step) => byStep.get(step) ?? null);
}

// Exponential mean, without the pull towards the first value.
function smooth(values: readonly number[]): number[] {
  let [mean, weight] = [0, 0];
  return values.map((value) => {
    mean = SMOOTHING * mean + (1 - SMOOTHING) * value;
    weight = SMOOTHING * weight + (1 - SMOOTHING);
    return mean / weight;
  });
}
