// The residual connection of a block, with layer scale and drop path in one step: y = x + keep_b * scale_d * branch.
// (layer scale: Touvron et al. 2021, CaiT; drop path: Huang et al. 2016, stochastic depth)
import type { Tensor } from "../tensor.ts";
import { expect, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export type ResidualOptions = {
  /** [D], layer scale. */
  readonly scale?: Tensor | undefined;
  /** [B], drop path: 0 for a dropped sample, 1 / (1 - rate) for a kept one. */
  readonly keep?: Tensor | undefined;
};

type Inputs = { x: Tensor; branch: Tensor; scale?: Tensor | undefined; keep?: Tensor | undefined };

export const residualOp = defineOp<Inputs, "y">({
  name: "Residual",
  shape({ x, branch, scale, keep }) {
    expect("Residual", x.length >= 2, "x [B, ..., D]", `[${x.join(", ")}]`);
    expectShape("Residual", "branch", branch, x);
    if (scale) expectShape("Residual", "scale", scale, [x[x.length - 1]]);
    if (keep) expectShape("Residual", "keep", keep, [x[0]]);
    return { y: x };
  },
  saves: ["branch", "scale", "keep"],
  passes: { dx: "dy" },
  forward({ x, branch, scale, keep }, { y }, _, shapes) {
    const width = shapes.x[shapes.x.length - 1];
    const perSample = x.length / shapes.x[0];
    for (let i = 0; i < x.length; i++) {
      y[i] = x[i] + branch[i] * (scale ? scale[i % width] : 1) * (keep ? keep[Math.floor(i / perSample)] : 1);
    }
  },
  backward({ dy, branch, scale, keep }, { dx, dbranch, dscale, dkeep }, _, shapes) {
    const width = shapes.x[shapes.x.length - 1];
    const perSample = dy.length / shapes.x[0];
    for (let i = 0; i < dy.length; i++) {
      const b = Math.floor(i / perSample);
      const scaled = scale ? scale[i % width] : 1;
      const kept = keep ? keep[b] : 1;
      dx[i] = dy[i];
      dbranch[i] = dy[i] * scaled * kept;
      if (scale) dscale[i % width] += dy[i] * branch[i] * kept;
      if (keep) dkeep[b] += dy[i] * branch[i] * scaled;
    }
  },
});

/** x plus its branch, scaled per channel and per sample. [B, ..., D], same -> same */
export function residual(x: Tensor, branch: Tensor, { scale, keep }: ResidualOptions = {}): Tensor {
  return apply(residualOp, { x, branch, scale, keep }, {}).y;
}
