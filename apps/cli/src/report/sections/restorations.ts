// Masked image modeling to look at: what the model makes of the patches that it cannot see. (BEiT, section 2.3)
import { percent } from "../format-number.ts";
import { html, type Html } from "../html.ts";
import { composite, picture, plain } from "../../pictures/picture.ts";
import type { ReportData, Restoration } from "../report-data.ts";

export async function restorations(data: ReportData): Promise<Html> {
  const { vocabSize } = data.summary.tokenizer;
  return html`<section id="restorations">
    <h2>Masked input and what the model restores</h2>
    <p>
      The pre-trained network sees the left picture. For every masked patch it names the most likely of ${vocabSize}
      visual tokens; the tokenizer decodes them to pixels. It predicts all patches at once and gives no picture of its
      own: seams and averages are to be expected.
    </p>
    <div class="restorations">${await Promise.all(data.restorations.map(restoration))}</div>
    <p class="caption">
      Test images, from left to right: with masked patches; restored (visible patches as they were, masked ones decoded
      from predicted tokens); the image's own tokens decoded, which a perfect prediction would give; the original. Right
      are the masked patches whose token was predicted exactly; another token may well look the same.
    </p>
  </section>`;
}

async function restoration({ name, original, mask, restored, tokenized, right }: Restoration): Promise<Html> {
  const masked = composite(original, plain(original, 128), mask);
  const part = async (image: typeof original, label: string) =>
    html`<div>${await picture(image, `${label}: ${name}`, 112)}<span>${label}</span></div>`;
  return html`<figure class="restoration">
    <div class="row">
      ${[
        await part(masked, "masked"),
        await part(restored, "restored"),
        await part(tokenized, "own tokens"),
        await part(original, "original"),
      ]}
    </div>
    <figcaption>${name}: ${right} of ${mask.count} masked tokens right (${percent(right / mask.count)})</figcaption>
  </figure>`;
}
