// A plane is its own smoothest surface; with nothing seen there is nothing to meet.
import { maskFromCells } from "@beitjs/masking";
import { expect, it } from "vitest";
import { smoothFill } from "./smooth-fill.ts";

const grid = { rows: 3, cols: 3 };
const side = 12;
const image = (value: (x: number, y: number) => number) => ({
  ...{ width: side, height: side, channels: 1 as const },
  data: Uint8Array.from({ length: side * side }, (_, i) => value(i % side, Math.floor(i / side))),
});

it("gives back a plane that a hole was made in, and leaves what is seen", () => {
  const plane = image((x, y) => 20 + 6 * x + 3 * y);
  const hole = maskFromCells(grid, [0, 0, 0, 0, 1, 0, 0, 0, 0]);
  const noisy = { ...plane, data: plane.data.map((value, i) => (i === 5 * side + 5 ? 250 : value)) };
  expect([...smoothFill(noisy, hole).data]).toEqual([...plane.data]);
});

it("is gray where nothing is seen, and the image itself where all is", () => {
  const spots = image((x, y) => (x * y) % 251);
  const every = maskFromCells(grid, new Uint8Array(9).fill(1));
  expect(new Set(smoothFill(spots, every).data)).toEqual(new Set([128]));
  expect([...smoothFill(spots, maskFromCells(grid, new Uint8Array(9))).data]).toEqual([...spots.data]);
});
