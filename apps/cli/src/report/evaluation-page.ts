// What `beit evaluate` found, as one page of HTML that asks for nothing else.
import { renderDocument } from "./document.ts";
import { html, type Html } from "./html.ts";

export type EvaluationPage = {
  /** What was measured, on what. */
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** The figures in words. */
  readonly lines: readonly string[];
  readonly sections: readonly Html[];
};

/** A complete HTML document. */
export function renderEvaluation({ title, facts, lines, sections }: EvaluationPage): string {
  const body = html`<header>
      <h1>${title}</h1>
      ${lines.map((line) => html`<p class="lead">${line}</p>`)}
    </header>
    <main>
      ${sections}
      <section>
        <h2>What was measured</h2>
        <table>
          <tbody>
            ${facts.map(
              ([name, value]) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  <td>${value}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </section>
    </main>`;
  return renderDocument({ title, body });
}
