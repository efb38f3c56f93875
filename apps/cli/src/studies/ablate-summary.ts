// An ablation's figures: of every row mean and spread over seeds, its difference to BEiT, and whether that is one at all.
import { ablationRows, meanAndSpread, type AblationRow } from "@beitjs/trainers";
import type { AblationScores } from "./ablate-scores.ts";

export const measures = ["linearProbe", "neighbors", "fewLabels"] as const satisfies readonly (keyof AblationScores)[];
export type Measure = (typeof measures)[number];

/** The row that others are compared with, and one of networks that were never trained. */
const wholeRow = "beit";
export const untrainedRow = "untrained";

export type RowFigures = {
  readonly mean: number;
  /** Standard deviation over seeds; null of one seed. */
  readonly spread: number | null;
  /** To BEiT's mean; absent in BEiT's own row and where that was not run. */
  readonly difference?: {
    readonly value: number;
    /** Of that difference; null of one seed. */
    readonly standardError: number | null;
    /** Whether it is two standard errors or more; of one seed nobody knows. */
    readonly tells: boolean;
  };
};

export type RowSummary = {
  readonly row: string;
  readonly label: string;
  /** The paper's figures of its own setting, in percent. */
  readonly paper: AblationRow["paper"] | null;
  readonly seeds: readonly (AblationScores & { readonly seed: number })[];
} & Readonly<Record<Measure, RowFigures>>;

export type ScoredNetwork = { readonly row: string; readonly seed: number; readonly scores: AblationScores };

/** Rows in the paper's order, networks without training last. */
export function summarizeRows(networks: readonly ScoredNetwork[]): readonly RowSummary[] {
  const all = [...ablationRows, { name: untrainedRow, label: "no training at all", paper: null }];
  const of = (row: string) => networks.filter((one) => one.row === row);
  const whole = of(wholeRow);
  return all.flatMap(({ name, label, paper }) => {
    const own = of(name);
    if (own.length === 0) return [];
    const figures = measures.map((measure) => [measure, figuresOf(measure, own, name === wholeRow ? [] : whole)]);
    const seeds = own.map(({ seed, scores }) => ({ seed, ...scores }));
    return [{ row: name, label, paper, seeds, ...(Object.fromEntries(figures) as Record<Measure, RowFigures>) }];
  });
}

function figuresOf(measure: Measure, own: readonly ScoredNetwork[], whole: readonly ScoredNetwork[]): RowFigures {
  const [mine, theirs] = [own, whole].map((networks) => networks.map(({ scores }) => scores[measure]));
  const { mean, spread } = meanAndSpread(mine);
  const figures = { mean, spread: mine.length > 1 ? spread : null };
  if (theirs.length === 0) return figures;
  const other = meanAndSpread(theirs);
  const value = mean - other.mean;
  // Of the difference of two means whose spreads may be two. (Welch)
  const squares = spread ** 2 / mine.length + other.spread ** 2 / theirs.length;
  const standardError = Math.min(mine.length, theirs.length) > 1 ? Math.sqrt(squares) : null;
  const tells = standardError !== null && Math.abs(value) >= 2 * standardError && value !== 0;
  return { ...figures, difference: { value, standardError, tells } };
}
