// The colors of curves: seen on a light page and on a dark one, and told apart by people who see fewer colors.
import { describe, expect, it } from "vitest";
import { style } from "./style.ts";

type Triple = readonly [number, number, number];
// Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
const sights: Readonly<Record<string, readonly Triple[]>> = {
  all: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

const times = (rows: readonly Triple[], [a, b, c]: Triple) =>
  rows.map(([x, y, z]) => x * a + y * b + z * c) as unknown as Triple;

function linear(color: string): Triple {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(color.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Triple;
}

// Ottosson's OKLab: distances are as people see them.
function lab(color: Triple): Triple {
  const toCones: Triple[] = [
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
  ];
  const toLab: Triple[] = [
    [0.2104542553, 0.793617785, -0.0040720468],
    [1.9779984951, -2.428592205, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.808675766],
  ];
  return times(toLab, times(toCones, color).map(Math.cbrt) as unknown as Triple);
}

function seen(color: string, sight: readonly Triple[]): Triple {
  const clipped = times(sight, linear(color)).map((value) => Math.min(1, Math.max(0, value)));
  return lab(clipped as unknown as Triple);
}

function contrast(a: string, b: string): number {
  const [low, high] = [a, b]
    .map((color) => linear(color).reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0))
    .sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

describe.each(["light", "dark"])("on a %s page", (scheme) => {
  const rule = style
    .split("\n")
    .find((line) => line.includes("--page") && line.startsWith("@media") === (scheme === "dark"));
  const valueOf = (name: string) => new RegExp(`--${name}:(#[0-9a-f]{6})`).exec(rule ?? "")?.[1] ?? "";
  const colors = [1, 2, 3, 4, 5, 6].map((number) => valueOf(`curve-${number}`));

  it("every curve stands out from the page", () => {
    for (const color of colors) expect(contrast(color, valueOf("page")), color).toBeGreaterThanOrEqual(3);
  });

  it.each(Object.entries(sights))("no two are alike, with the sight of %s", (_, sight) => {
    for (const [i, one] of colors.entries()) {
      for (const other of colors.slice(0, i)) {
        const [a, b] = [seen(one, sight), seen(other, sight)];
        const distance = Math.hypot(...a.map((value, axis) => value - b[axis]));
        expect(distance, `${one} ${other}`).toBeGreaterThan(0.12);
      }
    }
  });
});
