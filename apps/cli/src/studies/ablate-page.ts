// An ablation as one page of HTML that asks for nothing else: the table, every seed as a dot, and what was run.
import { stringify } from "yaml";
import type { PretrainRecipe } from "@beitjs/trainers";
import { renderDocument } from "../report/document.ts";
import { percent, whole } from "../report/format-number.ts";
import { html, type Html } from "../report/html.ts";
import { measures, type Measure, type RowFigures, type RowSummary } from "./ablate-summary.ts";
import { formatDifference, measureTitles, type AblationTexts } from "./ablate-table.ts";
import { formatFigure } from "./figure.ts";

export type AblationFacts = {
  readonly data: string;
  readonly images: number;
  readonly testImages?: unknown;
  readonly classes: readonly string[];
  readonly tokenizer: { readonly path: string };
  readonly steps: number;
  readonly tries: number;
  readonly notes: readonly string[];
  readonly recipe: { readonly name: string } & Omit<PretrainRecipe, "name">;
};

/** A complete HTML document. */
export function renderAblation(facts: AblationFacts, rows: readonly RowSummary[], texts: AblationTexts): string {
  const { name, ...recipe } = facts.recipe;
  const title = "Ablation: what the parts of BEiT's pre-training are worth";
  const body = html`<header>
      <h1>${title}</h1>
      <p class="lead">
        ${whole(facts.images)} images of ${facts.data}, ${facts.classes.length} classes; ${rows.length} rows by
        ${texts.seeds} ${texts.seeds === 1 ? "seed" : "seeds"}, each of ${whole(facts.steps)} updates with the same
        tokenizer, measured on ${String(facts.testImages)} images.
      </p>
    </header>
    <main>
      <section>
        <h2>Frozen features</h2>
        ${table(rows, texts)} ${facts.notes.map((note) => html`<p class="note">${note}</p>`)}
      </section>
      <section>
        <h2>Every seed</h2>
        <p class="caption">
          A dot a seed, a line at their mean. Chance is ${percent(1 / facts.classes.length)}; axes begin elsewhere.
        </p>
        <div class="charts">${measures.map((measure) => dots(measure, rows, texts))}</div>
      </section>
      <section>
        <h2>What was run</h2>
        <p>
          The first row is recipe <code>${name}</code>; the others change what they are called by. Few labels are drawn
          ${facts.tries} times, the same draws for every row. Tokenizer: <code>${facts.tokenizer.path}</code>
        </p>
        <details>
          <summary>The first row's recipe</summary>
          <pre>${stringify(recipe)}</pre>
        </details>
      </section>
    </main>`;
  return renderDocument({ title, body });
}

function table(rows: readonly RowSummary[], texts: AblationTexts): Html {
  const titles = measureTitles(texts);
  return html`<div class="scroll" tabindex="0" role="group" aria-label="table">
    <table class="result ablation">
      <thead>
        <tr>
          <th scope="col"></th>
          ${measures.map((measure) => html`<th scope="col">${titles[measure]}</th>`)}
          <th scope="col">paper: ImageNet</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              <th scope="row">${row.label}</th>
              ${measures.map((measure) => figures(row[measure]))} ${papers(row)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

// The difference to BEiT in small below the figure.
function figures(figure: RowFigures): Html {
  const difference = formatDifference(figure);
  const words = difference === "" ? "" : `to BEiT: ${difference}`;
  const tells = figure.difference?.tells === true;
  return html`<td>${formatFigure(figure)}<small>${tells ? html`<strong>${words}</strong>` : words}</small></td>`;
}

function papers({ paper }: RowSummary): Html {
  if (!paper) return html`<td></td>`;
  return html`<td>${paper.imageNet.toFixed(2)}<small>ADE20K: ${paper.ade20k.toFixed(2)}</small></td>`;
}

const [width, line, left, right] = [330, 34, 8, 12];

function dots(measure: Measure, rows: readonly RowSummary[], texts: AblationTexts): Html {
  const values = rows.flatMap(({ seeds }) => seeds.map((one) => one[measure]));
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const margin = Math.max(0.005, (most - least) * 0.06);
  const x = (value: number): string => {
    const share = (value - least + margin) / (most - least + 2 * margin);
    return (left + share * (width - left - right)).toFixed(1);
  };
  const height = rows.length * line + 26;
  const title = measureTitles(texts)[measure];
  return html`<figure class="chart">
    <h3>${title}</h3>
    <svg class="dots" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title} of every row and seed">
      ${rows.map(({ label, seeds, [measure]: { mean } }, i) => {
        const y = i * line + 23;
        return html`<text x="${left}" y="${y - 10}">${label}</text>
          <line class="rule" x1="${left}" x2="${width - right}" y1="${y}" y2="${y}" />
          <line class="mean" x1="${x(mean)}" x2="${x(mean)}" y1="${y - 6}" y2="${y + 6}" />
          ${seeds.map((one) => html`<circle cx="${x(one[measure])}" cy="${y}" r="3.5" />`)}`;
      })}
      ${[least, most].map(
        (value, end) =>
          html`<text class="${end === 0 ? "" : "end"}" x="${x(value)}" y="${height - 6}"
            >${(100 * value).toFixed(1)} %</text
          >`,
      )}
    </svg>
  </figure>`;
}
