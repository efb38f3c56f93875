// Self-attention of chosen patches in the last block, head by head. (BEiT, section 3.4 and Figure 2)
import type { Grid } from "@beitjs/tensor-core/grid";
import type { Image } from "@beitjs/tensor-core/image";
import { percent } from "../format-number.ts";
import { heatOver } from "../../pictures/heat.ts";
import { html, type Html } from "../html.ts";
import { enlarge, frame, picture, type Color } from "../../pictures/picture.ts";
import type { AttentionPicture, ReportData } from "../report-data.ts";

const queryColor: Color = [0, 200, 255];

export async function attention(data: ReportData): Promise<Html> {
  return html`<section id="attention">
    <h2>Attention</h2>
    <p>
      In every head of the last block a patch gathers information from the others. The framed patch asks; the brighter a
      patch, the more it is listened to. The network is the pre-trained one, before it saw any label.
    </p>
    <div class="attentions">${await Promise.all(data.attention.map((one) => attentionFigure(one, data.grid)))}</div>
    <p class="caption">
      Left the image with the asking patch framed, then one picture a head, each scaled to its own largest value (given
      below it). The class token is left out. (BEiT, Figure 2 shows the same for the paper's model.)
    </p>
  </section>`;
}

async function attentionFigure({ name, image, queries }: AttentionPicture, grid: Grid): Promise<Html> {
  const factor = Math.max(1, Math.round(112 / image.width));
  const rows = queries.map(async ({ patch, heads }) => {
    const asked = withFrame(enlarge(image, factor), patch, grid);
    const [row, column] = [Math.floor(patch / grid.cols) + 1, (patch % grid.cols) + 1];
    const where = `row ${row}, column ${column}`;
    const maps = heads.map(async (values, head) => {
      const map = withFrame(heatOver(image, values, { grid, factor }), patch, grid);
      const largest = Array.from(values).reduce((a, b) => Math.max(a, b), 0);
      return html`<div>
        ${await picture(map, `Attention of the patch in ${where} in head ${head + 1}: ${name}`, 112)}<span
          >head ${head + 1}: ${percent(largest)}</span
        >
      </div>`;
    });
    return html`<div class="row">
      <div>${await picture(asked, `The patch in ${where}: ${name}`, 112)}<span>patch ${row}, ${column}</span></div>
      ${await Promise.all(maps)}
    </div>`;
  });
  return html`<figure class="attention">
    ${await Promise.all(rows)}
    <figcaption>${name}</figcaption>
  </figure>`;
}

function withFrame(image: Image, patch: number, { rows, cols }: Grid): Image {
  const [width, height] = [image.width / cols, image.height / rows];
  const box = {
    left: Math.round((patch % cols) * width),
    top: Math.round(Math.floor(patch / cols) * height),
    width: Math.round(width),
    height: Math.round(height),
  };
  frame(image, box, queryColor);
  return image;
}
