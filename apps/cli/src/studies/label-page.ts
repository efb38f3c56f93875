// A study of few labels as a page, and its curve as a file of its own.
import { chartFigure, type Chart } from "../report/chart.ts";
import { renderDocument } from "../report/document.ts";
import { duration, whole } from "../report/format-number.ts";
import { html, type Html } from "../report/html.ts";
import { plot } from "../report/plot.ts";
import { tableCells, wayTitles, type WayFigures } from "./label-figures.ts";
import { trainedWays, type TrainedWay } from "./label-plan.ts";

export type LabelStudyFacts = {
  readonly model: string;
  readonly data: string;
  readonly images: number;
  readonly testImages: number;
  readonly classes: readonly string[];
  readonly draws: number;
  readonly trainings: number;
  readonly seconds: number;
  readonly notes: readonly string[];
  /** Recipes of both trainings as YAML. */
  readonly recipes: Readonly<Record<TrainedWay, string>>;
};

/** The curve of all ways over the labels of a class. */
export function labelChart(rows: readonly WayFigures[], { classes, images }: LabelStudyFacts): Chart {
  const at = (of: number) => of / classes.length;
  return {
    title: "Accuracy by labels a class",
    heading: "h3",
    caption: "Mean over draws of labels, on test images; bars are a standard deviation up and down.",
    xName: "labels a class",
    percent: true,
    xLog: rows[0].figures.map(({ labels, images: learned }) => ({ at: at(learned), name: nameOf(labels, at(images)) })),
    level: { value: 1 / classes.length, name: "chance" },
    curves: rows.map(({ way, figures }, i) => ({
      name: wayTitles[way],
      color: ([1, 2, 3, 4, 5, 6] as const)[i],
      dashed: !(trainedWays as readonly string[]).includes(way),
      points: figures.map(({ images: learned, accuracy }) => [at(learned), accuracy] as const),
      spreads: figures.map(({ spread }) => spread),
    })),
  };
}

function nameOf(labels: number | "all", perClass: number): string {
  return labels === "all" ? `all (${whole(perClass)})` : whole(labels);
}

/** The curve with its legend as a complete SVG. */
export function labelSvg(chart: Chart, style: string): string {
  const { markup } = plot(chart, chart.title);
  const legend = chart.curves.map(({ name, color, dashed }, i) => {
    const y = 300 + 20 * Math.floor(i / 2);
    const x = i % 2 === 0 ? 20 : 244;
    const stroke = html`stroke="var(--curve-${color})" stroke-width="2"
    ${dashed ? html`stroke-dasharray="6 4"` : undefined}`;
    return html`<path d="M${x} ${y - 4}h22" ${stroke} /><text x="${x + 28}" y="${y}">${name}</text>`;
  });
  const body = html`<g fill="var(--ink)" font-size="12.5">
    <text x="56" y="18" font-weight="600">${chart.title}</text>
    ${legend}
  </g>`;
  const height = 284 + 20 * Math.ceil(chart.curves.length / 2);
  const inner = markup.replace("<svg ", '<svg y="26" width="460" height="250" ');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 460 ${height + 10}" font-family="system-ui, sans-serif"><style>${style}</style><rect width="100%" height="100%" fill="var(--page)"/>${body.markup}${inner}</svg>\n`;
}

/** A complete HTML document. */
export function renderLabelStudy(facts: LabelStudyFacts, rows: readonly WayFigures[]): string {
  const { model, data, images, testImages, classes, draws, trainings, seconds, notes, recipes } = facts;
  const title = "What pre-training is worth, by the number of labels";
  const body = html`<header>
      <h1>${title}</h1>
      <p class="lead">
        ${model} on ${data}: ${whole(images)} images of ${classes.length} classes to learn from, ${whole(testImages)} to
        measure on; ${draws} ${draws === 1 ? "draw" : "draws"} of labels, the same for every way; ${trainings} trainings
        in ${duration(seconds)}.
      </p>
    </header>
    <main>
      <section>
        <h2>Curve</h2>
        ${chartFigure(labelChart(rows, facts))}
      </section>
      <section>
        <h2>Accuracy on test images, in percent</h2>
        ${table(tableCells(rows))} ${notes.map((note) => html`<p class="note">${note}</p>`)}
      </section>
      <section>
        <h2>How both were trained</h2>
        ${trainedWays.map(
          (way) =>
            html`<details>
              <summary>Recipe: ${wayTitles[way]}</summary>
              <pre>${recipes[way]}</pre>
            </details>`,
        )}
      </section>
    </main>`;
  return renderDocument({ title, body });
}

function table([head, ...rows]: readonly (readonly string[])[]): Html {
  return html`<div class="scroll" tabindex="0" role="group" aria-label="table">
    <table class="result">
      <thead>
        <tr>
          ${head.map((cell) => html`<th scope="col">${cell}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ([name, ...cells]) =>
            html`<tr>
              <th scope="row">${name}</th>
              ${cells.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
