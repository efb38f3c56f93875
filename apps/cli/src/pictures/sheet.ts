// Pictures of one size in rows and columns on white.
import type { Image } from "@beitjs/tensor-core/image";

const gap = 8;

/** Pictures in color, all of the first one's size, with as many in every row. */
export function sheetOf(rows: readonly (readonly Image[])[]): Image {
  const [[panel, ...others]] = rows;
  const width = (1 + others.length) * (panel.width + gap) + gap;
  const height = rows.length * (panel.height + gap) + gap;
  const data = new Uint8Array(width * height * 3).fill(255);
  rows.forEach((panels, row) =>
    panels.forEach((one, column) => {
      place(one, { width, data }, gap + column * (panel.width + gap), gap + row * (panel.height + gap));
    }),
  );
  return { width, height, channels: 3, data };
}

function place(panel: Image, target: { readonly width: number; readonly data: Uint8Array }, left: number, top: number) {
  for (let y = 0; y < panel.height; y++) {
    const from = y * panel.width * 3;
    target.data.set(panel.data.subarray(from, from + panel.width * 3), ((top + y) * target.width + left) * 3);
  }
}
