// What the tokenizer makes of images: reconstructions, grids of visual tokens, and the codebook. (BEiT, section 2.1.2)
import { tokenColor } from "@beitjs/dvae-tokenizer";
import { cellCount, type Grid } from "@beitjs/tensor-core/grid";
import { percent } from "../format-number.ts";
import { html, type Html } from "../html.ts";
import { picture } from "../../pictures/picture.ts";
import type { CodebookEntry, Reconstruction, ReportData } from "../report-data.ts";

const grids = 3;

export async function tokens(data: ReportData): Promise<Html> {
  const { summary, reconstructions, codebook, grid: cells } = data;
  const { meanAbsoluteError, used, vocabSize, perplexity, warning } = summary.tokenizer;
  return html`<section id="tokens">
    <h2>Visual tokens</h2>
    <p>
      The tokenizer, a discrete VAE, turns an image into ${cells.rows} x ${cells.cols} numbers out of ${vocabSize}: its
      visual tokens, which pre-training then predicts. On the test images ${used} of ${vocabSize} tokens occur, with a
      perplexity of ${perplexity.toFixed(1)}; the mean absolute error of the reconstruction is
      ${meanAbsoluteError.toFixed(3)} on pixels in [&#8722;1, 1], the measure of the paper's Table 8.
    </p>
    ${warning === undefined ? undefined : html`<p class="warning" role="note"><strong>Warning:</strong> ${warning}</p>`}
    <h3>Originals beside reconstructions</h3>
    <div class="pairs">${await Promise.all(reconstructions.map(pair))}</div>
    <p class="caption">
      Test images: left as the tokenizer sees them, right what is decoded from their ${cellCount(cells)} visual tokens
      alone.
    </p>
    <h3>The visual-token grid</h3>
    <div class="grids">${await Promise.all(reconstructions.slice(0, grids).map((one) => grid(one, cells)))}</div>
    <p class="caption">
      An image and its visual tokens: equal colors are equal tokens, with their ids in the cells. These ids are all that
      pre-training is asked for. (BEiT, Figure 1)
    </p>
    <h3>The most used tokens, decoded alone</h3>
    <div class="codebook">${await Promise.all(codebook.map(entry))}</div>
    <p class="caption">
      Each picture is decoded from a grid filled with a single token; below it the id and its share of all tokens of the
      test images.
    </p>
  </section>`;
}

async function pair({ name, original, restored }: Reconstruction): Promise<Html> {
  return html`<figure class="pair">
    <div>
      ${await picture(original, `Original: ${name}`, 84)}${await picture(restored, `Reconstruction: ${name}`, 84)}
    </div>
    <figcaption>${name}</figcaption>
  </figure>`;
}

async function grid({ name, original, visualTokens }: Reconstruction, cells: Grid): Promise<Html> {
  const distinct = new Set(visualTokens).size;
  return html`<figure class="grid">
    <div>${await picture(original, `Original: ${name}`, 196)}${tokenGrid(visualTokens, cells, name)}</div>
    <figcaption>${name}: ${distinct} different tokens</figcaption>
  </figure>`;
}

function tokenGrid(visualTokens: readonly number[], { rows, cols }: Grid, name: string): Html {
  const cell = (id: number, i: number) => {
    const [x, y] = [(i % cols) * 28, Math.floor(i / cols) * 28];
    return html`<g
      ><title>token ${id}</title
      ><rect x="${x}" y="${y}" width="28" height="28" fill="rgb(${tokenColor(id).join(", ")})" /><text
        class="on-color"
        x="${x + 14}"
        y="${y + 18}"
        >${id}</text
      ></g
    >`;
  };
  return html`<svg
    class="token-grid"
    viewBox="0 0 ${cols * 28} ${rows * 28}"
    width="196"
    role="img"
    aria-label="Visual tokens: ${name}"
  >
    ${visualTokens.map(cell)}
  </svg>`;
}

async function entry({ id, share, image }: CodebookEntry): Promise<Html> {
  return html`<figure>
    ${await picture(image, `Visual token ${id}`, 56)}
    <figcaption>${id}<br />${percent(share)}</figcaption>
  </figure>`;
}
