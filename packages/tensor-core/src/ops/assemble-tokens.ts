// The token sequence of a vision transformer from patch embeddings: masked patches become the mask token, the class
// token goes in front, then positions are added, so that a masked patch keeps its position. (BEiT, section 2.2 and 2.3)
import type { Tensor } from "../tensor.ts";
import { expect, expectRank, expectShape } from "./check.ts";
import { apply, defineOp } from "./define-op.ts";

export type AssembleTokensOptions = {
  /** [D] */
  readonly classToken: Tensor;
  /** [D]; needed with a mask, unused without. */
  readonly maskToken?: Tensor | undefined;
  /** int32 [B, N]; nonzero where the patch is masked. */
  readonly mask?: Tensor | undefined;
  /** [N + 1, D]; row 0 belongs to the class token. */
  readonly position?: Tensor | undefined;
};

type Inputs = {
  patches: Tensor;
  classToken: Tensor;
  maskToken?: Tensor | undefined;
  mask?: Tensor | undefined;
  position?: Tensor | undefined;
};

export const assembleTokensOp = defineOp<Inputs, "y">({
  name: "AssembleTokens",
  integer: ["mask"],
  shape({ patches, classToken, maskToken, mask, position }) {
    expectRank("AssembleTokens", "patches", patches, 3, "B, N, D");
    const [batch, count, width] = patches;
    expectShape("AssembleTokens", "classToken", classToken, [width]);
    if (mask) expectShape("AssembleTokens", "mask", mask, [batch, count]);
    if (maskToken) expectShape("AssembleTokens", "maskToken", maskToken, [width]);
    expect(
      "AssembleTokens",
      !mask === !maskToken,
      "mask and maskToken together",
      mask ? "mask alone" : "maskToken alone",
    );
    if (position) expectShape("AssembleTokens", "position", position, [count + 1, width]);
    return { y: [batch, count + 1, width] };
  },
  saves: ["mask"],
  forward({ patches, classToken, maskToken, mask, position }, { y }, _, shapes) {
    const [batch, count, width] = shapes.patches;
    for (let b = 0; b < batch; b++) {
      for (let n = 0; n <= count; n++) {
        const patch = b * count + n - 1;
        for (let i = 0; i < width; i++) {
          const value =
            n === 0 ? classToken[i] : mask && maskToken && mask[patch] ? maskToken[i] : patches[patch * width + i];
          y[(b * (count + 1) + n) * width + i] = value + (position ? position[n * width + i] : 0);
        }
      }
    }
  },
  backward({ dy, mask }, { dpatches, dclassToken, dmaskToken, dposition }, _, shapes) {
    const [batch, count, width] = shapes.patches;
    for (let b = 0; b < batch; b++) {
      for (let n = 0; n <= count; n++) {
        const patch = b * count + n - 1;
        for (let i = 0; i < width; i++) {
          const gradient = dy[(b * (count + 1) + n) * width + i];
          if (n === 0) dclassToken[i] += gradient;
          else if (mask && mask[patch]) dmaskToken[i] += gradient;
          else dpatches[patch * width + i] = gradient;
          if (shapes.position) dposition[n * width + i] += gradient;
        }
      }
    }
  },
});

/**
 * Class token and patch embeddings, some replaced by the mask token, plus positions. [B, N, D] -> [B, N + 1, D]
 *
 * @throws if there is a mask but no mask token
 */
export function assembleTokens(
  patches: Tensor,
  { classToken, maskToken, mask, position }: AssembleTokensOptions,
): Tensor {
  const inputs = { patches, classToken, maskToken: mask && maskToken, mask, position };
  return apply(assembleTokensOp, inputs, {}).y;
}
