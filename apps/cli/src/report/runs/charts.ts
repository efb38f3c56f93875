// The charts of a run, and of several over one another.
import { chartFigure, type Chart, type Curve, type CurveColor, type Point } from "../chart.ts";
import { html, type Html } from "../html.ts";
import { thin } from "../plot.ts";
import type { RunRecord } from "./read-run.ts";
import type { RunFigures } from "./run-figures.ts";
import { parts, quantities, seriesOf, stepsPerEpoch, type Part, type Quantity } from "./series.ts";
import { speedOf } from "./speed.ts";

/** What charts are called under: a section's title, or a part's. */
type Heading = "h3" | "h4";

const colors: readonly CurveColor[] = [1, 2, 3, 4, 5, 6];
// Batches of training are drawn by means of so many stretches: what one of them shows is mostly chance.
const stretches = 60;
const longestName = 28;
const partNames = Object.keys(parts) as Part[];
const speed: Quantity = {
  key: "speed",
  title: "Images a second",
  caption: "By the usual time of a step: evaluations, checkpoints and pauses do not count.",
  percent: false,
};

/** Every quantity of one run: training and what held-out images say in one chart. */
export function runCharts(
  run: RunRecord,
  { metric, best }: Pick<RunFigures, "metric" | "best">,
  heading: Heading,
): Html {
  const xEnd = lastStep(run);
  const charts = quantities([run]).map((what) => {
    const curves = partNames
      .map((part, i): Curve => ({
        name: parts[part],
        points: part === "train" ? means(seriesOf(run, part, what.key), what.key) : seriesOf(run, part, what.key),
        color: colors[i],
        dashed: part.endsWith("-ema"),
      }))
      .filter(({ points }) => points.length > 0);
    const decided = best && what.key === metric ? { mark: { at: best.step, name: `best, step ${best.step}` } } : {};
    const legend = curves.length === 1 && curves[0].name !== parts.train;
    return chart(what, curves, { heading, xName: "step", xEnd, legend, ...decided });
  });
  return drawn([...charts, speedChart([{ name: "images a second", color: 1, points: speedOf(run) }], { heading, xName: "step", xEnd })]);
}

/** Every quantity of several runs, a curve a run; what was measured elsewhere is a chart of its own. */
export function comparedCharts(runs: readonly RunRecord[], heading: Heading): Html {
  const axis = axisOf(runs);
  const names = legendNames(runs.map(({ name }) => name));
  const over = (points: (run: RunRecord) => readonly Point[]): Curve[] =>
    runs.flatMap((run, i) => {
      const curve = points(run).map(([step, value]) => [step / axis.unit(run), value] as const);
      return curve.length === 0 ? [] : [{ name: names[i], points: curve, ...lookOf(i) }];
    });
  const axes = { heading, xName: axis.name, xEnd: Math.max(...runs.map((run) => lastStep(run) / axis.unit(run))) };
  const charts = quantities(runs).flatMap((what) =>
    partNames.flatMap((part) => {
      const points = (run: RunRecord) => seriesOf(run, part, what.key);
      const curves = over(part === "train" ? (run) => means(points(run), what.key) : points);
      const title = isGiven(what.key) ? what.title : `${what.title}, ${parts[part]}`;
      return curves.length === 0 ? [] : [chart({ ...what, title }, curves, { ...axes, legend: true })];
    }),
  );
  return html`${axis.note && html`<p class="note">${axis.note}</p>`}
  ${drawn([...charts, speedChart(over(speedOf), { ...axes, legend: true })])}`;
}

/** Names as short as a legend has room for: both ends of them, and their number where these are the same. */
export function legendNames(names: readonly string[]): readonly string[] {
  const short = names.map((name) => {
    const letters = [...name];
    return letters.length > longestName ? [...letters.slice(0, 14), "\u2026", ...letters.slice(-13)].join("") : name;
  });
  return new Set(short).size === names.length ? short : short.map((name, i) => `${i + 1}: ${name}`);
}

/** How a run looks in all charts of a page: six colors, then the same dashed. */
function lookOf(index: number): Pick<Curve, "color" | "dashed"> {
  return { color: colors[index % colors.length], dashed: Math.floor(index / colors.length) % 2 === 1 };
}

const schedules = ["learningRate", "weightDecay", "temperature"];

// Schedules are not measured anywhere, and gradients nowhere else.
function isGiven(key: string): boolean {
  return [...schedules, "gradientNorm"].includes(key);
}

function means(points: readonly Point[], key: string): readonly Point[] {
  return schedules.includes(key) ? points : thin(points, stretches);
}

type Axis = { readonly name: "step" | "epoch"; readonly unit: (run: RunRecord) => number; readonly note?: string };

// Steps of runs with other batches are no measure of how far they are: epochs are.
function axisOf(runs: readonly RunRecord[]): Axis {
  const lengths = runs.map(stepsPerEpoch);
  if (new Set(lengths).size === 1 || lengths.includes(undefined)) return { name: "step", unit: () => 1 };
  const unit = (run: RunRecord) => stepsPerEpoch(run) as number;
  return { name: "epoch", unit, note: "The runs have epochs of other lengths: they are drawn against epochs, not steps." };
}

function chart(
  { title, caption, percent }: Quantity,
  curves: readonly Curve[],
  rest: Pick<Chart, "heading" | "xName" | "xEnd" | "legend" | "mark">,
): Html {
  return chartFigure({ title, caption, percent, curves, narrow: true, ...rest });
}

// One point is in the table too.
function speedChart(curves: readonly Curve[], rest: Pick<Chart, "heading" | "xName" | "xEnd" | "legend">): Html | undefined {
  return curves.some(({ points }) => points.length > 1) ? chart(speed, curves, rest) : undefined;
}

function lastStep({ lines }: RunRecord): number {
  return lines.at(-1)?.step ?? 0;
}

function drawn(charts: readonly (Html | undefined)[]): Html {
  return charts.length === 0 || charts.every((one) => one === undefined)
    ? html`<p>No values were recorded yet.</p>`
    : html`<div class="charts">${charts}</div>`;
}
