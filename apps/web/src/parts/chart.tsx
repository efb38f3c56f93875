// A line over steps, drawn by uPlot, which is loaded when the first chart is.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type UPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export type ChartProps = {
  readonly label: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
  readonly show: (value: number) => string;
};

const HEIGHT = 180;

export function Chart({ label, steps, values, show }: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>();
  const latest = useRef<UPlot.AlignedData>([[], []]);
  const [failed, setFailed] = useState(false);
  latest.current = [[...steps], [...values]];
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    let observer: ResizeObserver | undefined;
    let gone = false;
    import("uplot").then(
      ({ default: Plot }) => {
        if (gone) return;
        const chart = new Plot(optionsOf(element, label, show), latest.current, element);
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
  useEffect(() => plot.current?.setData(latest.current), [steps, values]);
  const now = show(values.at(-1) ?? 0);
  return (
    <>
      <div ref={place} class="chart" role="img" aria-label={`${label} by step, now ${now}`} />
      {failed && <p class="note">The chart cannot be drawn. Now: {now}</p>}
    </>
  );
}

function optionsOf(element: HTMLElement, label: string, show: (value: number) => string): UPlot.Options {
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
      { label, stroke: color("--accent"), width: 2, value: (_, value) => (value === null ? "" : show(value)) },
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
