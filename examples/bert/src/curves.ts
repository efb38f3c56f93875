// Curves of losses as an SVG, drawn by ECharts without a browser.
import { LineChart } from "echarts/charts";
import { GridComponent, LegendComponent, TitleComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

/** `pretrained`: drawn full; those from scratch are broken. */
export type LossCurve = { readonly name: string; readonly losses: readonly number[]; readonly pretrained: boolean };

const colors = ["#0b6e4f", "#c8553d", "#3d5a80", "#b58900", "#9aa5b1"];
const size = { width: 640, height: 380 };

export function curvesSvg(title: string, curves: readonly LossCurve[]): string {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    color: colors,
    title: { text: title, textStyle: { fontSize: 14, fontWeight: "normal" } },
    legend: { bottom: 0 },
    grid: { left: 48, right: 24, top: 48, bottom: 64 },
    xAxis: { type: "value", name: "step", nameLocation: "middle", nameGap: 24 },
    yAxis: { type: "value", name: "loss", scale: true },
    series: curves.map(({ name, losses, pretrained }) => ({
      type: "line",
      name,
      showSymbol: false,
      lineStyle: { width: 1.6, type: pretrained ? "solid" : "dashed" },
      data: smoothed(losses).map((loss, step) => [step, loss]),
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

// A batch is noisy: each point is the mean of the steps around it.
function smoothed(losses: readonly number[]): number[] {
  const reach = Math.max(1, Math.round(losses.length / 40));
  return losses.map((_, i) => {
    const around = losses.slice(Math.max(0, i - reach), i + reach + 1);
    return around.reduce((sum, loss) => sum + loss) / around.length;
  });
}
