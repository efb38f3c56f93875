// What `beit evaluate` found, as one page of HTML that asks for nothing else.
import { html, raw, type Html } from "./html.ts";
import { style } from "./style.ts";

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
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="icon" href="data:," />
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        <header>
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
        </main>
      </body>
    </html> `;
  return page.markup;
}
