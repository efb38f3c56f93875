// Draws a metric of training runs over one another, as an SVG for the guides.
// node --import jiti/register tools/plot-runs.ts OUT.svg METRIC RUN[@STEP,STEP…] …, with a dot where a run was stopped
import { writeFile } from "node:fs/promises";
import { thin } from "../apps/cli/src/report/plot.ts";
import { openRuns } from "../apps/cli/src/report/runs/open-runs.ts";
import { seriesOf } from "../apps/cli/src/report/runs/series.ts";
import { runsPlot, type RunCurve } from "./bench/docs/plots.ts";

/** Batches are noisy: a curve of training is the means of so many steps. */
const STRETCH = 50;

const [out, metric, ...runs] = process.argv.slice(2);
if (runs.length === 0)
  throw new Error("[plot-runs] expected OUT.svg METRIC RUN…, such as curves.svg accuracy runs/a runs/b");
const curves = await Promise.all(runs.map(curvesOf));
await writeFile(out, runsPlot(curves.flat(), `${metric} by step`));

/** Of training as means, and of whatever was evaluated beside it. */
async function curvesOf(written: string): Promise<RunCurve[]> {
  const [folder, stops = ""] = written.split("@");
  const [run] = await openRuns([folder]).read();
  const steps = seriesOf(run, "train", metric);
  const training = thin(steps, Math.ceil(steps.length / STRETCH));
  const dots = stops
    .split(",")
    .filter(Boolean)
    .map((step) => nearest(training, Number(step)));
  const evaluated = [
    { name: `${run.name}, val`, points: seriesOf(run, "val", metric) },
    { name: `${run.name}, averaged`, points: seriesOf(run, "val-ema", metric) },
  ];
  return [
    { name: `${run.name}, training`, points: training, light: true, dots },
    ...evaluated.filter(({ points }) => points.length > 0),
  ];
}

function nearest(points: RunCurve["points"], step: number): RunCurve["points"][number] {
  return points.reduce((best, point) => (Math.abs(point[0] - step) < Math.abs(best[0] - step) ? point : best));
}
