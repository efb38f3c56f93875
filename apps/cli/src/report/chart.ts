// Curves as SVG, drawn by ECharts without a browser. Colors are custom properties of the page, so that one drawing serves
// light and dark.
import { LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { html, raw, type Html } from "./html.ts";

use([LineChart, GridComponent, MarkLineComponent, SVGRenderer]);

export type Point = readonly [x: number, y: number];

export type Curve = {
  readonly name: string;
  readonly points: readonly Point[];
  /** 1 and 2 stand for the same thing in all charts. */
  readonly color: 1 | 2;
  readonly dashed?: boolean;
};

export type Chart = {
  readonly title: string;
  readonly caption: Html | string;
  readonly xName: string;
  readonly curves: readonly Curve[];
  /** A level to compare with. */
  readonly level?: { readonly value: number; readonly name: string };
  /** Values are shares and written in percent. */
  readonly percent?: boolean;
  /** For three in a row instead of two: drawn smaller, so that its text is not. */
  readonly narrow?: boolean;
};

const sizes = { wide: { width: 460, height: 250 }, narrow: { width: 330, height: 220 } };
const mostPoints = 200;

/** A chart with its title, legend and caption; nothing to draw is said in words. */
export function chartFigure(chart: Chart): Html {
  const { title, caption, curves } = chart;
  const drawn = curves.some(({ points }) => points.length > 0);
  return html`<figure class="chart">
    <h4>${title}</h4>
    ${curves.length > 1 ? legend(curves) : undefined} ${drawn ? drawing(chart) : html`<p>No values were recorded.</p>`}
    <figcaption>${caption}</figcaption>
  </figure>`;
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

function legend(curves: readonly Curve[]): Html {
  const entry = ({ name, color, dashed }: Curve) =>
    html`<li><span class="swatch swatch-${color}${dashed ? " dashed" : ""}"></span>${name}</li>`;
  return html`<ul class="legend">
    ${curves.map(entry)}
  </ul>`;
}

function drawing(chart: Chart): Html {
  const size = chart.narrow ? sizes.narrow : sizes.wide;
  const engine = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    engine.setOption(optionOf(chart));
    return fitted(engine.renderToSVGString(), size, describe(chart));
  } finally {
    engine.dispose();
  }
}

function optionOf({ xName, curves, level, percent }: Chart): Parameters<ReturnType<typeof init>["setOption"]>[0] {
  const write = (value: number) => (percent ? `${Math.round(100 * value)} %` : shorten(value));
  const text = { color: "var(--muted)", fontSize: 13 };
  const line = { lineStyle: { color: "var(--line)" } };
  return {
    animation: false,
    grid: { left: 56, right: 16, top: 14, bottom: 44 },
    xAxis: {
      type: "value",
      max: "dataMax",
      name: xName,
      nameLocation: "middle",
      nameGap: 26,
      nameTextStyle: text,
      axisLabel: { ...text, showMaxLabel: false, formatter: shorten },
      axisLine: line,
      axisTick: line,
      splitLine: { show: false },
    },
    yAxis: {
      type: "value",
      scale: !percent,
      ...(level && levelRange(level.value)),
      axisLabel: { ...text, formatter: write, ...(level && { showMaxLabel: false }) },
      splitLine: line,
    },
    series: curves.map(({ points, color, dashed }, i) => ({
      type: "line" as const,
      data: thin(points).map(([x, y]) => [x, y]),
      showSymbol: points.length <= 12,
      symbolSize: 5,
      silent: true,
      itemStyle: { color: `var(--curve-${color})` },
      lineStyle: { color: `var(--curve-${color})`, width: 2, ...(dashed && { type: "dashed" as const }) },
      ...(level && i === 0 && { markLine: markLine(level) }),
    })),
  };
}

function markLine({ value, name }: { readonly value: number; readonly name: string }) {
  return {
    silent: true,
    symbol: "none",
    lineStyle: { color: "var(--muted)", type: "dotted" as const, width: 1.5 },
    label: { formatter: name, position: "insideEndBottom" as const, color: "var(--muted)", fontSize: 13 },
    data: [{ yAxis: value }],
  };
}

// The page sets the width; a namespace, styles and hit areas are not needed in it.
function fitted(svg: string, size: (typeof sizes)["wide"], label: string): Html {
  const drawn = svg
    .replace(/^<svg[^>]*>|<\/svg>\s*$/g, "")
    .replace(/<style[^>]*>.*?<\/style>/gs, "")
    .replace(/ class="zr\d+-cls-\d+"| pointer-events="visible"/g, "");
  return html`<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${label}">${raw(drawn)}</svg>`;
}

function describe({ title, curves, percent }: Chart): string {
  const write = (value: number) => (percent ? `${(100 * value).toFixed(1)} %` : shorten(value));
  const lines = curves.flatMap(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return first && last ? [`${name} goes from ${write(first[1])} to ${write(last[1])}`] : [];
  });
  return `${title}: ${lines.join("; ")}`;
}

function shorten(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en-US", { maximumFractionDigits: 6 });
}

// From a round number below the curve to a little above the level, or the curve.
function levelRange(level: number) {
  const unit = 10 ** Math.floor(Math.log10(level));
  return {
    min: (range: { readonly min: number }) => Math.floor(Math.min(range.min, level) / unit) * unit,
    max: (range: { readonly max: number }) => (Math.ceil((Math.max(range.max, level) / unit) * 10) / 10) * unit,
  };
}
