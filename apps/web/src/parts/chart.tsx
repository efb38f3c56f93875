// Lines over steps, drawn by uPlot, which is loaded when the first chart is.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type UPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export type Line = {
  readonly label: string;
  /** A value for every step, null where it has none. */
  readonly values: readonly (number | null)[];
  /** The custom property of its color. */
  readonly color: "--accent" | "--second";
  /** Dots at its values, with dashes between them: told apart without colors too. */
  readonly dotted?: boolean;
};

export type ChartProps = {
  /** What the lines are of. */
  readonly label: string;
  readonly steps: readonly number[];
  /** One or more, their number fixed. */
  readonly lines: readonly Line[];
  readonly show: (value: number) => string;
};

const HEIGHT = 180;

export function Chart({ label, steps, lines, show }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>();
  const latest = useRef<UPlot.AlignedData>([[]]);
  const [failed, setFailed] = useState(false);
  latest.current = [[...steps], ...lines.map(({ values }) => [...values])];
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    let observer: ResizeObserver | undefined;
    let gone = false;
    import("uplot").then(
      ({ default: Plot }) => {
        if (gone) return;
        const chart = new Plot(optionsOf(element, lines, show), latest.current, element);
        plot.current = chart;
        observer = new ResizeObserver(() => {
          // Hidden panels have no width.
          if (element.clientWidth > 0) chart.setSize({ width: element.clientWidth, height: HEIGHT });
        });
        observer.observe(element);
      },
      // uPlot refuses a language that the browser names and does not know, or its file is gone (the page says so); the numbers are
      // in the line below.
      () => setFailed(true),
    );
    return () => {
      gone = true;
      observer?.disconnect();
      plot.current?.destroy();
      plot.current = undefined;
    };
  }, []);
  useEffect(() => plot.current?.setData(latest.current), [steps, lines]);
  const now = lines.map((line) => inWords(line, steps, show)).join("; ");
  return (
    <>
      <div ref={place} class="chart" role="img" aria-label={`${label} by step: ${now}`} />
      {failed && <p class="note">The chart cannot be drawn: {now}</p>}
    </>
  );
}

// The last value of a line and its step.
function inWords({ label, values }: Line, steps: readonly number[], show: ChartProps["show"]): string {
  const last = values.findLastIndex((value) => value !== null);
  return last < 0 ? `${label}: none yet` : `${label}: ${show(values[last] as number)} at step ${steps[last]}`;
}

function optionsOf(element: HTMLElement, lines: readonly Line[], show: ChartProps["show"]): UPlot.Options {
  const styles = getComputedStyle(element);
  const color = (name: string): string => resolveColor(element, styles.getPropertyValue(name));
  const axis: UPlot.Axis = {
    stroke: color("--ink"),
    grid: { stroke: color("--line"), width: 1 },
    font: "12px system-ui",
  };
  return {
    width: Math.max(1, element.clientWidth),
    height: HEIGHT,
    scales: { x: { time: false } },
    axes: [axis, { ...axis, size: 60, values: (_, ticks) => ticks.map(show) }],
    series: [
      { label: "step" },
      ...lines.map(({ label, color: name, dotted = false }): UPlot.Series => {
        const stroke = color(name);
        const value = (_: UPlot, at: number | null): string => (at === null ? "" : show(at));
        const dots = dotted && { dash: [6, 4], spanGaps: true, points: { show: true, size: 6, fill: stroke } };
        return { label, stroke, width: 2, value, ...dots };
      }),
    ],
  };
}

// A canvas does not know light-dark(): let the style engine choose.
function resolveColor(element: HTMLElement, value: string): string {
  const before = element.style.color;
  element.style.color = value;
  const { color } = getComputedStyle(element);
  element.style.color = before;
  return color;
}
