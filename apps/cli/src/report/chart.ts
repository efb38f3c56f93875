// A chart of curves: title, legend, drawing and caption.
import { html, raw, type Html } from "./html.ts";
import { plot, written } from "./plot.ts";

export type Point = readonly [x: number, y: number];

export type Curve = {
  readonly name: string;
  readonly points: readonly Point[];
  /** 1 and 2 stand for the same thing in all charts. */
  readonly color: CurveColor;
  readonly dashed?: boolean;
  /** How far values lie around each point, drawn as a bar up and down. */
  readonly spreads?: readonly (number | null)[];
};

/** Told apart by people who see fewer colors, on a light page and on a dark one. */
export type CurveColor = 1 | 2 | 3 | 4 | 5 | 6;

export type Chart = {
  readonly title: string;
  /** What the title is in the page; h4 by default. */
  readonly heading?: "h3" | "h4";
  readonly caption: Html | string;
  readonly xName: string;
  readonly curves: readonly Curve[];
  /** Where the x axis ends; at the last point by default. */
  readonly xEnd?: number;
  /** A level to compare with. */
  readonly level?: { readonly value: number; readonly name: string };
  /** A place on the x axis. */
  readonly mark?: { readonly at: number; readonly name: string };
  /** Values are shares and written in percent. */
  readonly percent?: boolean;
  /** So is x: both axes go from 0 to 1. */
  readonly xPercent?: boolean;
  /** The x axis is logarithmic, with ticks at these values alone, and these names if they have some. */
  readonly xLog?: readonly { readonly at: number; readonly name?: string }[];
  /** A legend even for one curve. */
  readonly legend?: boolean;
  /** For three in a row instead of two: drawn smaller, so that its text is not. */
  readonly narrow?: boolean;
};

/** A chart with its title, legend and caption; nothing to draw is said in words. */
export function chartFigure(chart: Chart): Html {
  const { title, heading = "h4", caption, curves } = chart;
  const drawn = curves.some(({ points }) => points.length > 0);
  return html`<figure class="chart">
    ${raw(`<${heading}>`)}${title}${raw(`</${heading}>`)}
    ${curves.length > 1 || chart.legend ? legend(curves) : undefined}
    ${drawn ? plot(chart, describe(chart)) : html`<p>No values were recorded.</p>`}
    <figcaption>${caption}</figcaption>
  </figure>`;
}

function legend(curves: readonly Curve[]): Html {
  const entry = ({ name, color, dashed }: Curve) =>
    html`<li><span class="swatch swatch-${color}${dashed ? " dashed" : ""}"></span>${name}</li>`;
  return html`<ul class="legend">
    ${curves.map(entry)}
  </ul>`;
}

function describe(chart: Chart): string {
  const lines = chart.curves.flatMap(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    return first && last ? [`${name} goes from ${written(first[1], chart)} to ${written(last[1], chart)}`] : [];
  });
  return `${chart.title}: ${lines.join("; ")}`;
}
