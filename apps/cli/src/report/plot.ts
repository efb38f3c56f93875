// The drawing of a chart as SVG, by d3's scales and line. Colors are custom properties of the page, so that one drawing serves light
// and dark.
import { scaleLinear, scaleLog, type ScaleLinear, type ScaleLogarithmic } from "d3-scale";
import { line } from "d3-shape";
import type { Chart, Curve, Point } from "./chart.ts";
import { html, type Html } from "./html.ts";

type Scale = ScaleLinear<number, number>;
type Frame = {
  readonly width: number;
  readonly height: number;
  readonly x: Scale | ScaleLogarithmic<number, number>;
  readonly y: Scale;
};

const sizes = { wide: { width: 460, height: 250 }, narrow: { width: 330, height: 220 } };
const margins = { left: 56, right: 20, top: 14, bottom: 44 };
const mostPoints = 200;
/** Up to so many points of a curve are marked. */
const fewPoints = 12;

/** An `svg` that the page scales; `label` says it to who cannot see it. */
export function plot(chart: Chart, label: string): Html {
  const { curves, level, xName } = chart;
  const frame = frameOf(chart);
  const { width, height, x } = frame;
  const middle = (x.range()[0] + x.range()[1]) / 2;
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
    <g fill="var(--muted)" font-size="13">
      ${yAxis(frame, chart)}${xAxis(frame, chart)}
      <text x="${middle}" y="${height - 5}" text-anchor="middle">${xName}</text>
    </g>
    ${level && levelLine(level, frame)} ${chart.mark && markLine(chart.mark, frame)}
    ${curves.map((curve) => curveOf(curve, frame, chart))}
  </svg>`;
}

/** At most `mostPoints` points, each the mean of as many neighbors: what a curve of that width can show. */
export function thin(points: readonly Point[], most: number = mostPoints): readonly Point[] {
  if (points.length <= most) return points;
  return Array.from({ length: most }, (_, i) => {
    const part = points.slice(Math.floor((i * points.length) / most), Math.floor(((i + 1) * points.length) / most));
    const mean = (axis: 0 | 1) => part.reduce((sum, point) => sum + point[axis], 0) / part.length;
    return [mean(0), mean(1)] as const;
  });
}

/** A value as axes and descriptions write it. */
export function written(value: number, { percent }: Pick<Chart, "percent">): string {
  return percent ? `${shorten(100 * value)} %` : shorten(value);
}

function shorten(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 6 });
}

function frameOf({ curves, level, percent, xPercent, xLog, narrow, xEnd = 0 }: Chart): Frame {
  const { width, height } = narrow ? sizes.narrow : sizes.wide;
  const points = curves.flatMap((curve) => thin(curve.points));
  const values = curves.flatMap(({ points: own, spreads = [] }) =>
    thin(own).flatMap(([, value], i) => [value - (spreads[i] ?? 0), value + (spreads[i] ?? 0)]),
  );
  const x = scaleLinear([0, Math.max(xEnd, ...points.map(([at]) => at))], [margins.left, width - margins.right]);
  const y = scaleLinear([0, 1], [height - margins.bottom, margins.top]);
  if (xPercent) return { width, height, x: x.domain([0, 1]), y };
  if (xLog) {
    const places = [...xLog.map(({ at }) => at), ...points.map(([at]) => at)];
    const log = scaleLog([Math.min(...places), Math.max(...places)], [margins.left + 10, width - margins.right]);
    const top = Math.max(...values, level?.value ?? 0);
    return { width, height, x: log, y: y.domain([Math.min(0, ...values), top]).nice(5) };
  }
  const [least, most] = [Math.min(...values, ...(percent ? [0] : [])), Math.max(...values)];
  return { width, height, x, y: level ? y.domain(around(least, most, level.value)) : y.domain([least, most]).nice(5) };
}

// From a round number below the curve to a little above the level, or the curve.
function around(least: number, most: number, level: number): [number, number] {
  const unit = 10 ** Math.floor(Math.log10(level));
  const top = Math.ceil((Math.max(most, level) / unit) * 10) / 10;
  return [Math.floor(Math.min(least, level) / unit) * unit, top * unit];
}

function yAxis({ y, width }: Frame, chart: Chart): Html {
  const [left, right] = [margins.left, width - margins.right];
  const [bottom, top] = y.range();
  const tick = (value: number) => {
    const at = crisp(y(value));
    return html`<path d="M${left} ${at}H${right}" stroke="var(--line)" /><path
        d="M${left - 5} ${at}H${left}"
        stroke="var(--muted)"
      /><text x="${left - 8}" y="${at}" dy=".35em" text-anchor="end">${written(value, chart)}</text>`;
  };
  return html`${y.ticks(5).map(tick)}<path d="M${left + 0.5} ${top}V${bottom}" stroke="var(--muted)" />`;
}

function xAxis({ x, y, width }: Frame, { xPercent, xLog }: Chart): Html {
  const bottom = crisp(y.range()[0]);
  const tick = (value: number, name = written(value, { percent: xPercent === true })) => {
    const at = crisp(x(value));
    return html`<path d="M${at} ${bottom}v5" stroke="var(--line)" /><text
        x="${at}"
        y="${bottom + 17}"
        text-anchor="middle"
        >${name}</text
      >`;
  };
  // Steps and epochs are whole.
  const whole = () => x.ticks(width < sizes.wide.width ? 4 : 5).filter((at) => xPercent || Number.isInteger(at));
  const ticks = xLog ? xLog.map(({ at, name }) => tick(at, name)) : whole().map((at) => tick(at));
  return html`<path d="M${margins.left} ${bottom}H${x.range()[1]}" stroke="var(--line)" />${ticks}`;
}

function levelLine({ value, name }: NonNullable<Chart["level"]>, { x, y }: Frame): Html {
  const [left, right] = [margins.left, x.range()[1]];
  const at = crisp(y(value));
  return html`<path
      d="M${left} ${at}L${right} ${at}"
      fill="none"
      stroke="var(--muted)"
      stroke-width="1.5"
      stroke-dasharray="1.5 1.5"
    /><text x="${right - 5}" y="${at + 15}" text-anchor="end" font-size="13" fill="var(--muted)">${name}</text>`;
}

function markLine({ at, name }: NonNullable<Chart["mark"]>, { x, y }: Frame): Html {
  const [left, right] = x.range();
  const [bottom, top] = y.range();
  const place = crisp(x(at));
  const inside = place > (left + right) / 2 ? html`x="${place - 5}" text-anchor="end"` : html`x="${place + 5}"`;
  return html`<path d="M${place} ${bottom}V${top}" fill="none" stroke="var(--muted)" stroke-dasharray="3 3" /><text
      ${inside}
      y="${top + 4}"
      font-size="12"
      fill="var(--muted)"
      >${name}</text
    >`;
}

function curveOf({ name, points, color, dashed, spreads = [] }: Curve, { x, y }: Frame, chart: Chart): Html {
  const shown = thin(points);
  const path = line<Point>(
    ([at]) => x(at),
    ([, value]) => y(value),
  ).digits(1)(shown);
  const mark = ([at, value]: Point) =>
    html`<circle cx="${x(at).toFixed(1)}" cy="${y(value).toFixed(1)}" r="2.5">
      <title>${name}, ${chart.xName} ${shorten(at)}: ${written(value, chart)}</title>
    </circle>`;
  const bar = ([at, value]: Point, i: number) => {
    const spread = spreads[i];
    if (!spread) return undefined;
    return html`<path
      d="M${x(at).toFixed(1)} ${y(value - spread).toFixed(1)}V${y(value + spread).toFixed(1)}"
      stroke-width="1.5"
    />`;
  };
  return html`<g fill="none" stroke="var(--curve-${color})" stroke-width="2" stroke-linejoin="bevel">
    ${spreads.length > 0 ? shown.map(bar) : undefined}
    <path d="${path ?? ""}" ${dashed ? html`stroke-dasharray="6 4"` : undefined}><title>${name}</title></path>
    ${points.length <= fewPoints ? html`<g fill="var(--page)">${shown.map(mark)}</g>` : undefined}
  </g>`;
}

// Lines of one pixel lie on pixels.
function crisp(at: number): number {
  return Math.floor(at) + 0.5;
}
