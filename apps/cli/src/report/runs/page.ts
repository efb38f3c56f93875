// The page of one run or of several: sections by name, which a live page replaces one by one, and the document around them.
import { renderDocument } from "../document.ts";
import { duration, whole } from "../format-number.ts";
import { html, raw, type Html, type HtmlValue } from "../html.ts";
import { comparedCharts, runCharts } from "./charts.ts";
import { givenOf, otherDifferences, recipeDifferences, recipeText } from "./differences.ts";
import type { RunRecord } from "./read-run.ts";
import { figuresOfRun, type RunFigures } from "./run-figures.ts";
import { quantity } from "./series.ts";
import {
  bytesInWords,
  dateInWords,
  differencesTable,
  epochsInWords,
  metricsTable,
  timesTable,
  valueInWords,
} from "./tables.ts";

export type Section = { readonly id: string; readonly name: string; readonly content: Html };

/** Says whose page a file is, so that no other is written over. */
export const generator = "beit report";

/** The sections of a page of these runs, in order. */
export function runSections(runs: readonly RunRecord[]): readonly Section[] {
  return runs.length === 1 ? sectionsOfOne(runs[0]) : sectionsOfSeveral(runs);
}

/** What a page that is served has more than a file: a script in its head, and a line that says whether it still follows. */
export type LiveParts = { readonly script: Html; readonly status: Html };

/** A complete HTML document. */
export function renderRuns(runs: readonly RunRecord[], live?: LiveParts): string {
  const sections = runSections(runs);
  const title = runs.length === 1 ? `Run ${runs[0].name}` : `${runs.length} runs compared`;
  const body = html`<header>
      <h1>${title}</h1>
      ${live?.status}
      <nav aria-label="Sections">${sections.map(({ id, name }) => html`<a href="#${id}">${name}</a>`)}</nav>
    </header>
    <main>
      ${sections.map(({ id, name, content }) => html`<section id="${id}"><h2>${name}</h2><div>${content}</div></section>`)}
    </main>`;
  const head = html`<meta name="generator" content="${generator}" />${live?.script}`;
  return renderDocument({ title, served: live !== undefined, head, body });
}

function sectionsOfOne(run: RunRecord): readonly Section[] {
  const figures = figuresOfRun(run);
  return [
    { id: "result", name: "Result", content: overview(figures) },
    { id: "curves", name: "Curves", content: runCharts(run, figures, "h3") },
    { id: "settings", name: "Settings", content: settings(run, true) },
  ];
}

function sectionsOfSeveral(runs: readonly RunRecord[]): readonly Section[] {
  const figures = runs.map(figuresOfRun);
  const names = runs.map(({ name }) => name);
  const stages = [...new Set(figures.map(({ stage }) => stage))];
  const ofStage = (stage: string | null) => runs.filter((_, i) => figures[i].stage === stage);
  return [
    { id: "metrics", name: "Metrics", content: html`${warnings(figures)}${metricsTable(figures)}` },
    { id: "differences", name: "What differs", content: html`${stages.map((stage) => differencesOf(ofStage(stage), stages.length > 1 ? stage : null))}` },
    {
      id: "curves",
      name: "Curves",
      content: html`${stages.map((stage) => curvesOf(ofStage(stage), stages.length > 1 ? stage : null))}`,
    },
    { id: "times", name: "Time and memory", content: timesTable(figures) },
    {
      id: "runs",
      name: "Runs",
      content: html`${runs.map((run, i) => html`<details><summary>${names[i]}</summary>${settings(run, false)}</details>`)}`,
    },
  ];
}

function curvesOf(runs: readonly RunRecord[], stage: string | null): Html {
  const heading = stage === null ? "h3" : "h4";
  const charts =
    runs.length === 1 ? runCharts(runs[0], figuresOfRun(runs[0]), heading) : comparedCharts(runs, heading);
  return stage === null ? charts : html`<h3>${stage}${runs.length === 1 ? `: ${runs[0].name}` : ""}</h3>${charts}`;
}

function differencesOf(runs: readonly RunRecord[], stage: string | null): Html {
  const recipes = recipeDifferences(runs);
  const others = otherDifferences(runs);
  const names = runs.map(({ name }) => name);
  const heading = stage === null ? undefined : html`<h3>${stage}</h3>`;
  if (runs.length === 1) return html`${heading}<p>${names[0]} is the only run of its stage.</p>`;
  return html`${heading}
  ${recipes.length === 0 ? html`<p>Their recipes are the same.</p>` : differencesTable(names, recipes)}
  ${others.length === 0 ? undefined : html`<p class="caption">Beside the recipe:</p>${differencesTable(names, others)}`}`;
}

function overview(figures: RunFigures): Html {
  const { step, totalSteps, epoch, epochs, metric, best, last, test, training } = figures;
  const scores = (of: string, key: string | null, value: number | undefined, note: HtmlValue) =>
    key === null || value === undefined ? undefined : fact(`${quantity(key).title}, ${of}`, valueInWords(key, value), note);
  const of = (values: Readonly<Record<string, number>> | undefined | null) => (metric === null ? undefined : values?.[metric]);
  return html`${warnings([figures])}
    <dl class="facts">
      ${fact("State", figures.state, stageInWords(figures))}
      ${fact("Steps", totalSteps === null ? whole(step) : `${whole(step)} of ${whole(totalSteps)}`, `epochs: ${epochsInWords(epoch, epochs)}`)}
      ${scores("best validation", metric, best?.value, best ? `step ${whole(best.step)}${best.emaValues ? ", averaged weights" : ""}` : undefined)}
      ${scores("last validation", metric, of(last?.values), last ? `step ${whole(last.step)}` : undefined)}
      ${scores("last, averaged weights", metric, of(last?.emaValues), last ? `step ${whole(last.step)}` : undefined)}
      ${scores("test, best", metric, of(test?.best), undefined)} ${scores("test, last", metric, of(test?.last), undefined)}
      ${scores("training", "loss", training["loss"], "mean at the end")}
      ${figures.seconds === null ? undefined : fact("Time at work", duration(figures.seconds), figures.lastStep === null ? undefined : `last step ${dateInWords(figures.lastStep)}`)}
      ${figures.imagesPerSecond === null ? undefined : fact("Images a second", valueInWords("", figures.imagesPerSecond), undefined)}
      ${figures.peakMemoryBytes === null ? undefined : fact("Peak memory", bytesInWords(figures.peakMemoryBytes), `tensors ${bytesInWords(figures.peakBackendBytes)}`)}
    </dl>`;
}

function stageInWords({ stage, secondsLeft }: RunFigures): string {
  const left = secondsLeft === null ? "" : `, about ${duration(secondsLeft)} left`;
  return `${stage ?? "stage unknown"}${left}`;
}

function fact(name: string, value: string, note: HtmlValue): Html {
  return html`<div><dt>${name}</dt><dd>${value}${note === undefined ? undefined : html`<small>${note}</small>`}</dd></div>`;
}

function warnings(runs: readonly RunFigures[]): Html | undefined {
  const several = runs.length > 1;
  const all = runs.flatMap(({ name, problems }) => problems.map((problem) => (several ? `${name}: ${problem}` : problem)));
  if (all.length === 0) return undefined;
  return html`<div class="warning">What could not be read, or is not there:<ul>${all.map((one) => html`<li>${one}</li>`)}</ul></div>`;
}

function settings(run: RunRecord, alone: boolean): Html {
  const { folder, checkpoints, best, summary } = run;
  const rows: readonly (readonly [string, string])[] = [
    ["folder", folder],
    ...givenOf(run),
    ...(checkpoints.length > 0 ? [["checkpoints at step", checkpoints.map(({ step }) => step).join(", ")] as const] : []),
    ...(best ? [["best checkpoint", best.path] as const] : []),
  ];
  const block = (name: string, text: string, open: boolean) =>
    html`<details ${open ? raw("open") : undefined}><summary>${name}</summary><pre tabindex="0">${text}</pre></details>`;
  return html`<div class="side">
    <table><tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>
    <div>
      ${Object.keys(run.recipe).length === 0 ? html`<p>There is no recipe.</p>` : block("Recipe", recipeText(run), alone)}
      ${summary && block("Summary", JSON.stringify(summary, null, 2), false)}
    </div>
  </div>`;
}
