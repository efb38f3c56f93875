// Curves as SVG: what is drawn, how it is labelled, and that it needs nothing from outside.
import { describe, expect, it } from "vitest";
import { chartFigure, type Chart, type Point } from "./chart.ts";
import { thin } from "./plot.ts";

const line = (count: number): Point[] => Array.from({ length: count }, (_, i) => [i + 1, Math.sin(i) + 2]);
const chart: Chart = {
  title: "Loss & more",
  caption: "A <caption>",
  xName: "step",
  curves: [{ name: "loss", points: line(50), color: 1 }],
};

describe("chartFigure", () => {
  it("draws every curve in a color of the page and describes it", () => {
    const two = {
      ...chart,
      curves: [...chart.curves, { name: "other", points: line(40), color: 2 as const, dashed: true }],
    };
    const { markup } = chartFigure(two);
    expect(markup.match(/stroke="var\(--curve-1\)"/g)).toHaveLength(1);
    expect(markup.match(/stroke="var\(--curve-2\)"/g)).toHaveLength(1);
    expect(markup).toMatch(/aria-label="Loss &#38; more: loss goes from 2 to [\d.]+; other goes from/);
    expect(markup).toContain("A &#60;caption&#62;");
    expect(markup.match(/class="swatch/g)).toHaveLength(2);
  });

  it("scales with the page, without namespaces, styles or scripts of its own", () => {
    const { markup } = chartFigure(chart);
    expect(markup).toMatch(/<svg viewBox="0 0 460 250"/);
    expect(chartFigure({ ...chart, narrow: true }).markup).toMatch(/<svg viewBox="0 0 330 220"/);
    expect(markup).not.toMatch(/<svg[^>]*(width|xmlns)=/);
    expect(markup).not.toMatch(/<style|<script|http/);
  });

  it("draws a level with its name, inside the drawing although the curve is far from it", () => {
    const { markup } = chartFigure({ ...chart, level: { value: 40, name: "ln V" } });
    const heights = [
      ...markup.matchAll(/<path\s+d="M[\d.]+ ([\d.]+)L[\d.]+ \1"\s+fill="none"\s+stroke="var\(--muted\)"/g),
    ].map((found) => Number(found[1]));
    expect(markup).toContain(">ln V</text>");
    expect(heights).toHaveLength(1);
    expect(heights[0]).toBeGreaterThanOrEqual(14);
    expect(heights[0]).toBeLessThan(60);
  });

  it("writes shares in percent from 0 on, marks and names few points, and counts in whole epochs", () => {
    const points: Point[] = [
      [1, 0.1],
      [2, 0.125],
      [3, 0.37],
    ];
    const { markup } = chartFigure({
      ...chart,
      xName: "epoch",
      percent: true,
      curves: [{ name: "test", points, color: 2, dashed: true }],
    });
    const texts = [...markup.matchAll(/<text[^>]*>([^<]*)<\/text\s*>/g)].map(([, text]) => text.trim());
    expect(texts).toEqual(["0 %", "10 %", "20 %", "30 %", "40 %", "0", "1", "2", "3", "epoch"]);
    expect(markup.match(/<circle/g)).toHaveLength(3);
    expect(markup).toContain("<title>test, epoch 2: 12.5 %</title>");
    expect(markup).toContain("stroke-dasharray");
  });

  it("draws a curve that does not move, and one of a single point", () => {
    for (const points of [line(20).map(([x]) => [x, 2] as const), line(1)]) {
      const { markup } = chartFigure({ ...chart, curves: [{ name: "loss", points, color: 1 }] });
      expect(markup).toMatch(/<path d="M/);
      expect(markup).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it("says so when nothing was recorded", () => {
    const { markup } = chartFigure({ ...chart, curves: [{ name: "loss", points: [], color: 1 }] });
    expect(markup).toContain("No values were recorded");
    expect(markup).not.toContain("<svg");
  });
});

describe("thin", () => {
  it("keeps short curves and averages long ones, all points counted once", () => {
    expect(thin(line(200))).toEqual(line(200));
    const thinned = thin(line(1501), 200);
    expect(thinned).toHaveLength(200);
    expect(thinned[0][0]).toBe(4); // steps 1 to 7
    const sizes = Array.from(
      { length: 200 },
      (_, i) => Math.floor(((i + 1) * 1501) / 200) - Math.floor((i * 1501) / 200),
    );
    const sum = thinned.reduce((total, [, value], i) => total + value * sizes[i], 0);
    expect(sum).toBeCloseTo(
      line(1501).reduce((total, [, value]) => total + value, 0),
      8,
    );
  });
});
