// The report as one page of HTML that asks for nothing else: no script, no font, no request.
import { renderDocument } from "./document.ts";
import { html, type Html } from "./html.ts";
import type { ReportData } from "./report-data.ts";
import { attention } from "./sections/attention.ts";
import { curves } from "./sections/curves.ts";
import { headline } from "./sections/headline.ts";
import { masks } from "./sections/masks.ts";
import { restorations } from "./sections/restorations.ts";
import { settings } from "./sections/settings.ts";
import { tokens } from "./sections/tokens.ts";

const parts: readonly (readonly [id: string, name: string])[] = [
  ["result", "Result"],
  ["curves", "Training"],
  ["tokens", "Visual tokens"],
  ["restorations", "Masked patches"],
  ["attention", "Attention"],
  ["masks", "Masks"],
  ["settings", "This run"],
];

/** The report of a demo as a complete HTML document. */
export async function renderReport(data: ReportData): Promise<string> {
  const sections: readonly Html[] = [
    headline(data),
    curves(data),
    await tokens(data),
    await restorations(data),
    await attention(data),
    masks(data),
    settings(data),
  ];
  const body = html`<header>
      <h1>BEiT, from images to a classifier</h1>
      <p class="lead">
        A tokenizer, a masked-image-modeling pre-training and a few-label fine-tuning, run on this machine by
        <code>beit demo</code> and drawn from its run folder. The method is that of &#8220;BEiT: BERT Pre-Training of
        Image Transformers&#8221; (Bao, Dong, Piao and Wei, ICLR 2022, arXiv 2106.08254).
      </p>
      <nav aria-label="Sections">${parts.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>
    </header>
    <main>${sections}</main>
    <footer>
      ${data.summary.finished}. All figures are in <code>summary.json</code> beside this page, every step in
      <code>metrics.jsonl</code>.
    </footer>`;
  return renderDocument({ title: "BEiT demo: pre-trained against from scratch", body });
}
