// Draws a metric of training runs over one another, as an SVG for the guides.
// node --import jiti/register tools/plot-runs.ts OUT.svg METRIC [NAME=]RUN[@STEP,STEP…] …, with a dot where a run was stopped
import { readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { runsPlot, type RunCurve } from "./bench/docs/plots.ts";

/** Batches are noisy: a curve of training is the mean of so many steps. */
const STRETCH = 50;

const [out, metric, ...runs] = process.argv.slice(2);
if (runs.length === 0)
  throw new Error("[plot-runs] expected OUT.svg METRIC RUN…, such as curves.svg accuracy runs/a runs/b");
const curves = await Promise.all(runs.map(curvesOf));
await writeFile(out, runsPlot(curves.flat(), `${metric} by step`));

/** Of training as means, and of whatever was evaluated beside it. */
async function curvesOf(written: string): Promise<RunCurve[]> {
  const [, name, folder, stops = ""] = /^(?:([^=]*)=)?([^@]*)(?:@(.*))?$/.exec(written) as RegExpExecArray;
  const lines = (await readFile(join(folder, "metrics.jsonl"), "utf8")).trim().split("\n");
  const steps = lines.map((line) => JSON.parse(line) as { readonly step: number; readonly [key: string]: number });
  const named = (part: string): string => `${name ?? basename(folder)}, ${part}`;
  const training = means(steps.map((values) => [values.step, values[metric]]));
  const stopped = stops.split(",").filter(Boolean).map(Number);
  return [
    { name: named("training"), points: training, light: true, dots: stopped.map((step) => nearest(training, step)) },
    ...["val", "val-ema"].flatMap((part): RunCurve[] => {
      const points = steps.flatMap((values): RunCurve["points"] =>
        `${part}/${metric}` in values ? [[values.step, values[`${part}/${metric}`]]] : [],
      );
      return points.length === 0 ? [] : [{ name: named(part === "val" ? "val" : "averaged"), points }];
    }),
  ];
}

function means(points: RunCurve["points"]): RunCurve["points"] {
  return Array.from({ length: Math.floor(points.length / STRETCH) }, (_, i) => {
    const part = points.slice(i * STRETCH, (i + 1) * STRETCH);
    return [part[part.length - 1][0], part.reduce((sum, [, value]) => sum + value, 0) / part.length] as const;
  });
}

function nearest(points: RunCurve["points"], step: number): RunCurve["points"][number] {
  return points.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best));
}
