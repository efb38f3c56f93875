// Which differences of an ablation are differences: two standard errors of the means, or nothing.
import { describe, expect, it } from "vitest";
import { summarizeRows, type ScoredNetwork } from "./ablate-summary.ts";
import { ablationLines, formatDifference, tableNotes } from "./ablate-table.ts";
import { formatFigure } from "./figure.ts";

const networks = (row: string, ...probes: readonly number[]): readonly ScoredNetwork[] =>
  probes.map((linearProbe, seed) => ({
    row,
    seed,
    scores: { linearProbe, neighbors: 0.5, fewLabels: linearProbe / 2 },
  }));

const whole = networks("beit", 0.5, 0.52, 0.54);

describe("rows", () => {
  it("have mean, spread over seeds, and their difference to BEiT with its standard error", () => {
    const [beit, uniform] = summarizeRows([...networks("uniform", 0.4, 0.42, 0.44), ...whole]);
    expect([beit.row, uniform.row]).toEqual(["beit", "uniform"]);
    expect(beit.linearProbe.difference).toBeUndefined();
    expect(beit.linearProbe).toEqual({
      mean: expect.closeTo(0.52, 12) as number,
      spread: expect.closeTo(0.02, 12) as number,
    });
    const { difference } = uniform.linearProbe;
    expect(difference?.value).toBeCloseTo(-0.1, 12);
    expect(difference?.standardError).toBeCloseTo(Math.sqrt((2 * 0.02 ** 2) / 3), 12);
    expect(difference?.tells).toBe(true);
    expect([formatFigure(uniform.linearProbe), formatDifference(uniform.linearProbe)]).toEqual(["42.0 ± 2.0", "-10.0"]);
  });

  it("differ by nothing below two standard errors, and where they are equal", () => {
    // The standard error is 1.63 points.
    const differenceOf = (shift: number) => {
      const [, row] = summarizeRows([...whole, ...networks("pixels", ...[0.5, 0.52, 0.54].map((one) => one + shift))]);
      return [row.linearProbe, row.neighbors].map(formatDifference);
    };
    expect(differenceOf(0.032)).toEqual(["nothing", "nothing"]);
    expect(differenceOf(0.034)).toEqual(["+3.4", "nothing"]);
  });

  it("of one seed tell nothing of chance, and are marked so", () => {
    const [, row] = summarizeRows([...networks("beit", 0.5), ...networks("unmasked", 0.6)]);
    expect(row.linearProbe).toMatchObject({ spread: null, difference: { standardError: null, tells: false } });
    expect([formatFigure(row.linearProbe), formatDifference(row.linearProbe)]).toEqual(["60.0", "+10.0?"]);
    expect(tableNotes({ labelsPerClass: 10, seeds: 1 })[0]).toContain(
      "of one seed: no difference here can be told from chance",
    );
  });

  it("without BEiT are compared with nothing; a network without training has no figure in the paper", () => {
    const rows = summarizeRows([...networks("untrained", 0.3), ...networks("recover-all", 0.5)]);
    expect(rows.map(({ row, paper }) => [row, paper?.ade20k])).toEqual([
      ["recover-all", 40.93],
      ["untrained", undefined],
    ]);
    const lines = ablationLines(rows, { labelsPerClass: 1, seeds: 1 });
    expect(lines[0]).toContain("1 label a class");
    expect(lines[1]).toMatch(/50\.0 +50\.0 +25\.0 +82\.59 +40\.93$/);
    expect(lines[2]).toMatch(/30\.0 +50\.0 +15\.0$/);
  });
});
