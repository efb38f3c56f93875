// The plots of the page, drawn by ECharts without a browser. On white, because a picture does not know the page's colors.
import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Row } from "../report.ts";
import type { SavedReport } from "./results.ts";

use([BarChart, LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

type Option = Parameters<ReturnType<typeof init>["setOption"]>[0];

const text = { color: "#444444", fontSize: 12 };
const ours = "#0b6e4f";
const others = "#9aa5b1";
const colors = [ours, "#c8553d", "#3d5a80", "#b58900", "#6a4c93", "#2a9d8f"];

/** Median time of every contestant, fastest at the top. */
export function contestantsPlot(report: SavedReport, title: string): string {
  const rows = [...report.rows].sort((a, b) => Number(b.medianMs) - Number(a.medianMs));
  return draw(
    {
      title: titleOf(title),
      grid: { left: 168, right: 60, top: 40, bottom: 36 },
      xAxis: { type: "value", name: "ms", nameGap: 4, axisLabel: text },
      yAxis: { type: "category", data: rows.map(({ contestant }) => String(contestant)), axisLabel: text },
      series: [
        {
          type: "bar",
          data: rows.map(({ contestant, medianMs }) => ({
            value: Number(medianMs),
            itemStyle: { color: String(contestant).startsWith("simd-") ? ours : others },
          })),
          label: { show: true, position: "right", ...text },
        },
      ],
    },
    { width: 640, height: 80 + 26 * rows.length },
  );
}

/** Losses by step, a line for every contestant; those that lie under another are drawn first and wider. */
export function curvesPlot({ rows }: SavedReport, title: string): string {
  return draw(
    {
      title: titleOf(title),
      color: ["#9ad1bd", others, "#c8553d", "#3d5a80", "#b58900"],
      legend: { bottom: 0, itemGap: 28, textStyle: text },
      grid: { left: 52, right: 24, top: 40, bottom: 56 },
      xAxis: { type: "value", name: "step", nameGap: 4, axisLabel: text },
      yAxis: { type: "value", scale: true, axisLabel: text },
      series: rows.map(({ contestant, losses }, i) => ({
        type: "line" as const,
        name: String(contestant),
        showSymbol: false,
        lineStyle: { width: i === 0 ? 5 : 1.2 },
        data: (losses as readonly number[]).map((loss, step) => [step, loss]),
      })),
    },
    { width: 640, height: 360 },
  );
}

export type SweepAxis = "batch" | "pixels";

/** Median time of a network against batch size, or against pixels of one image; a line for every contestant. */
export function sweepPlot({ rows }: SavedReport, network: string, axis: SweepAxis): string {
  const own = rows.filter((row) => row.network === network);
  const names = [...new Set(own.map(({ contestant }) => String(contestant)))];
  return draw(
    {
      title: titleOf(`${network}: ms by ${axis === "batch" ? "images in a batch" : "thousand pixels of an image"}`),
      color: colors,
      legend: { bottom: 0, textStyle: text },
      grid: { left: 64, right: 24, top: 40, bottom: 56 },
      xAxis: { type: "value", min: 0, axisLabel: text },
      yAxis: { type: "value", min: 0, axisLabel: text },
      series: names.map((name) => ({
        type: "line" as const,
        name,
        symbolSize: 6,
        data: sweepPoints(
          own.filter(({ contestant }) => contestant === name),
          axis,
        ),
      })),
    },
    { width: 520, height: 340 },
  );
}

/** Points of one contestant, from left to right. */
export function sweepPoints(rows: readonly Row[], axis: SweepAxis): [x: number, y: number][] {
  const size = rows.find(({ batch }) => Number(batch) > 1)?.imageSize;
  const swept = rows.filter(({ batch, imageSize }) => (axis === "batch" ? imageSize === size : batch === 1));
  const x = ({ batch, imageSize }: Row) => (axis === "batch" ? Number(batch) : Number(imageSize) ** 2 / 1000);
  return swept.map((row): [number, number] => [x(row), Number(row.medianMs)]).sort(([a], [b]) => a - b);
}

export type RunCurve = {
  readonly name: string;
  readonly points: readonly (readonly [step: number, value: number])[];
  /** Drawn behind the others. */
  readonly light?: boolean;
  /** Points that are marked. */
  readonly dots?: RunCurve["points"];
};

/** Curves of training runs by step. */
export function runsPlot(curves: readonly RunCurve[], title: string): string {
  return draw(
    {
      title: titleOf(title),
      color: ["#9ad1bd", ours, "#e3a99e", "#c8553d", "#3d5a80"],
      legend: { bottom: 4, itemGap: 14, textStyle: text },
      grid: { left: 52, right: 40, top: 40, bottom: 88 },
      xAxis: { type: "value", name: "step", nameGap: 4, axisLabel: text },
      yAxis: { type: "value", scale: true, axisLabel: text },
      series: curves.flatMap(({ name, points, light = false, dots = [] }) => {
        const line = { type: "line" as const, name, data: points.map(([...point]) => point) };
        const marks = { ...line, data: dots.map(([...point]) => point), symbol: "circle", symbolSize: 9 };
        const look = { showSymbol: !light, symbolSize: 6, lineStyle: { width: light ? 1.5 : 2.5 } };
        return [{ ...line, ...look }, ...(dots.length === 0 ? [] : [{ ...marks, lineStyle: { width: 0 } }])];
      }),
    },
    { width: 680, height: 400 },
  );
}

function titleOf(title: string) {
  return { text: title, left: 8, top: 8, textStyle: { ...text, fontSize: 14 } };
}

function draw(option: Option, size: { readonly width: number; readonly height: number }): string {
  const engine = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    engine.setOption({ animation: false, backgroundColor: "#ffffff", ...option });
    return `${engine.renderToSVGString()}\n`;
  } finally {
    engine.dispose();
  }
}
