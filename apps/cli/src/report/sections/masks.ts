// What blockwise masks look like on average. (BEiT, section 2.3 and Algorithm 1)
import type { Mask } from "@beitjs/masking";
import { percent, whole } from "../format-number.ts";
import { heatColor } from "../../pictures/heat.ts";
import { html, type Html } from "../html.ts";
import type { ReportData } from "../report-data.ts";

export function masks({ masks: { statistics, samples }, summary }: ReportData): Html {
  const { grid, meanCount, stdCount, smallestCount, largestCount, fullShare, adjacentShare } = statistics;
  const cells = grid.rows * grid.cols;
  const ratio = meanCount / cells;
  const rows: readonly (readonly [string, string])[] = [
    ["Masks drawn", whole(statistics.masks)],
    ["Grid", `${grid.rows} x ${grid.cols} = ${cells} patches`],
    [
      "Masked patches, mean",
      `${meanCount.toFixed(2)} (standard deviation ${stdCount.toFixed(2)}, from ${smallestCount} to ${largestCount})`,
    ],
    ["Mask ratio, mean", percent(ratio)],
    ["Masks that reach their target", percent(fullShare)],
    [
      "Both of two neighbors masked",
      `${percent(adjacentShare)}, of patches masked one by one it would be ${percent(ratio ** 2)}`,
    ],
  ];
  return html`<section id="masks">
    <h2>The masks</h2>
    <p>${maskText(summary.recipes.pretrain.mask)}</p>
    <div class="masks">
      <figure>
        <div class="samples">${samples.map(sample)}</div>
        <figcaption>Masks as they were drawn; the filled patches are masked.</figcaption>
      </figure>
      <figure>
        ${probabilities(grid, statistics.cellShares)}
        <figcaption>
          How often each patch is masked, in percent: blocks lie within the image, so its edges are masked less often.
        </figcaption>
      </figure>
      <div class="scroll">
        <table>
          ${rows.map(
            ([name, value]) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${value}</td>
              </tr>`,
          )}
        </table>
      </div>
    </div>
  </section>`;
}

function maskText(recipe: ReportData["summary"]["recipes"]["pretrain"]["mask"]): string {
  if (recipe.kind === "uniform") return "Pre-training masked patches one by one, each as likely as any other.";
  return "Pre-training hides blocks of patches rather than patches one by one, so that neighbors do not give the answer away. (BEiT, Algorithm 1)";
}

function sample({ grid: { rows, cols }, cells }: Mask, i: number): Html {
  const rectangle = (cell: number, at: number) =>
    cell === 1 ? html`<rect x="${at % cols}" y="${Math.floor(at / cols)}" width="1" height="1" />` : undefined;
  return html`<svg class="mask" viewBox="0 0 ${cols} ${rows}" width="70" role="img" aria-label="Mask ${i + 1}">
    ${Array.from(cells, rectangle)}
  </svg>`;
}

function probabilities({ rows, cols }: Mask["grid"], shares: ArrayLike<number>): Html {
  const cell = (share: number, i: number) => {
    const [x, y] = [(i % cols) * 28, Math.floor(i / cols) * 28];
    const dark = share < 0.45;
    return html`<g
      ><title>${percent(share)}</title
      ><rect x="${x}" y="${y}" width="28" height="28" fill="rgb(${heatColor(share).join(" ")})" /><text
        x="${x + 14}"
        y="${y + 18}"
        class="${dark ? "on-dark" : "on-light"}"
        >${Math.round(100 * share)}</text
      ></g
    >`;
  };
  return html`<svg
    class="token-grid"
    viewBox="0 0 ${cols * 28} ${rows * 28}"
    width="224"
    role="img"
    aria-label="Share of masks that hide each patch"
  >
    ${Array.from(shares, cell)}
  </svg>`;
}
