// Tables that set runs side by side: how good, how long, and what they were asked to do differently.
import { duration, whole } from "../format-number.ts";
import { html, type Html, type HtmlValue } from "../html.ts";
import { written } from "../plot.ts";
import type { Difference } from "./differences.ts";
import { betterOf, type Numbers, type RunFigures } from "./run-figures.ts";
import { isShare, quantity } from "./series.ts";

type Column = {
  readonly title: string;
  readonly cell: (run: RunFigures) => HtmlValue;
  /** In small below it. */
  readonly note?: (run: RunFigures) => HtmlValue;
  /** A number to compare by, and which way; the best of a column is marked. */
  readonly value?: (run: RunFigures) => number | undefined;
  readonly better?: "higher" | "lower" | undefined;
};

/** Scores at the best and the last step, in training and on test images; a row a run. */
export function metricsTable(runs: readonly RunFigures[]): Html {
  const stages = new Set(runs.map(({ stage }) => stage));
  return table(runs, [
    { title: "state", cell: (run) => html`${stateInWords(run)}` },
    ...(stages.size > 1 ? [{ title: "stage", cell: ({ stage }: RunFigures) => stage ?? "unknown" }] : []),
    ...columns(runs, "best validation", ({ best }) => best && (best.emaValues ?? best.values), bestStep),
    ...columns(runs, "last validation", ({ last }) => last && (last.emaValues ?? last.values)),
    ...columns(runs, "test, best", ({ test }) => test?.best),
    ...columns(runs, "test, last", ({ test }) => test?.last),
    ...columns(runs, "training", ({ training: { gradientNorm: _, ...scores } }) => scores),
  ]);
}

/** Steps, time, speed and memory; a row a run. */
export function timesTable(runs: readonly RunFigures[]): Html {
  return table(runs, [
    { title: "steps", cell: ({ step, totalSteps }) => (totalSteps === null ? whole(step) : `${whole(step)} of ${whole(totalSteps)}`) },
    { title: "epochs", cell: ({ epoch, epochs }) => epochsInWords(epoch, epochs) },
    { title: "time at work", cell: ({ seconds }) => (seconds === null ? unknown : duration(seconds)) },
    { title: "images a second", cell: ({ imagesPerSecond }) => (imagesPerSecond === null ? unknown : written(imagesPerSecond, {})) },
    { title: "peak memory, process", cell: ({ peakMemoryBytes }) => bytesInWords(peakMemoryBytes) },
    { title: "of it tensors", cell: ({ peakBackendBytes }) => bytesInWords(peakBackendBytes) },
    { title: "began", cell: ({ began }) => (began === null ? unknown : dateInWords(began)) },
    { title: "last step", cell: ({ lastStep }) => (lastStep === null ? unknown : dateInWords(lastStep)) },
  ]);
}

/** A row a field, a column a run. */
export function differencesTable(names: readonly string[], differences: readonly Difference[]): Html {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="table">
    <table class="runs">
      <thead>
        <tr>
          <th scope="col">field</th>
          ${names.map((name) => html`<th scope="col"><span class="name">${name}</span></th>`)}
        </tr>
      </thead>
      <tbody>
        ${differences.map(
          ({ field, values }) =>
            html`<tr>
              <th scope="row"><span class="name">${field}</span></th>
              ${values.map((value) => html`<td>${value === undefined ? unknown : html`<span class="name"><code>${value}</code></span>`}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** `training, 12 min left`: what a run is doing. */
export function stateInWords({ state, secondsLeft }: Pick<RunFigures, "state" | "secondsLeft">): string {
  return secondsLeft === null ? state : `${state}, about ${duration(secondsLeft)} left`;
}

export function valueInWords(key: string, value: number): string {
  return written(value, { percent: isShare(key) });
}

export function bytesInWords(bytes: number | null): string {
  if (bytes === null) return unknown;
  const gibibytes = bytes / 2 ** 30;
  return gibibytes >= 1 ? `${gibibytes.toFixed(2)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}

export function epochsInWords(epoch: number | null, epochs: number | null): string {
  if (epoch === null) return epochs === null ? unknown : `of ${epochs}`;
  const done = written(Math.floor(100 * epoch) / 100, {});
  return epochs === null ? done : `${done} of ${epochs}`;
}

/** `2026-11-30 20:14 UTC` */
export function dateInWords(date: string): string {
  return `${date.slice(0, 10)} ${date.slice(11, 16)} UTC`;
}

const unknown = "\u2013";

function columns(
  runs: readonly RunFigures[],
  of: string,
  values: (run: RunFigures) => Numbers | null | undefined,
  note?: (run: RunFigures) => HtmlValue,
): readonly Column[] {
  const keys = [...new Set(runs.flatMap((run) => Object.keys(values(run) ?? {})))];
  const stages = [...new Set(runs.map(({ stage }) => stage))];
  return keys.map((key) => ({
    title: `${quantity(key).title}, ${of}`,
    value: (run: RunFigures) => values(run)?.[key],
    // Scores of other stages are no match for each other.
    better: stages.length === 1 ? betterOf(stages[0], key) : undefined,
    cell: (run: RunFigures) => {
      const value = values(run)?.[key];
      return value === undefined ? unknown : valueInWords(key, value);
    },
    ...(note && { note }),
  }));
}

function bestStep({ best }: RunFigures): HtmlValue {
  return best ? html`<small>step ${whole(best.step)}${best.emaValues && ", averaged"}</small>` : undefined;
}

function table(runs: readonly RunFigures[], columns: readonly Column[]): Html {
  const tops = columns.map((column) => topOf(runs, column));
  const row = (run: RunFigures) =>
    html`<tr>
      <th scope="row"><span class="name">${run.name}</span></th>
      ${columns.map(
        ({ cell, note }, i) =>
          html`<td>${tops[i] === run ? html`<span class="top">${cell(run)}</span>` : cell(run)}${note?.(run)}</td>`,
      )}
    </tr>`;
  return html`<div class="scroll" tabindex="0" role="group" aria-label="table">
    <table class="runs">
      <thead>
        <tr>
          <th scope="col">run</th>
          ${columns.map(({ title }) => html`<th scope="col">${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${runs.map(row)}
      </tbody>
    </table>
  </div>`;
}

// Where all are as good there is none to mark.
function topOf(runs: readonly RunFigures[], { value, better }: Column): RunFigures | undefined {
  if (!value || !better) return undefined;
  const valued = runs.filter((run) => value(run) !== undefined);
  const sorted = valued.sort((a, b) => {
    const difference = (value(a) as number) - (value(b) as number);
    return better === "higher" ? -difference : difference;
  });
  return sorted.length > 1 && value(sorted[0]) !== value(sorted[1]) ? sorted[0] : undefined;
}
