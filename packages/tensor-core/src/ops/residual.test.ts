import { expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { valueAndGradient } from "../tape.ts";
import { tensor } from "../tensor.ts";
import { meanTokens } from "./mean-tokens.ts";
import { reshape } from "./reshape.ts";
import { residual } from "./residual.ts";

const backend = createReferenceBackend();
const x = tensor([1, 2, 3, 4], [2, 2], backend);
const branch = tensor([10, 20, 30, 40], [2, 2], backend);

it("scales channels and drops samples", () => {
  const scale = tensor([0.1, 0.5], [2], backend);
  const keep = tensor([0, 2], [2], backend);
  expect([...residual(x, branch, { scale, keep }).readSync()]).toEqual([1, 2, 3 + 6, 4 + 40]);
  expect([...residual(x, branch).readSync()]).toEqual([11, 22, 33, 44]);
});

it("gives both gradients when both inputs are the same tensor", () => {
  const scale = tensor([3, 3], [2], backend);
  const { gradients } = valueAndGradient({ x }, (params) => {
    const y = residual(params.x, params.x, { scale });
    return { loss: reshape(meanTokens(reshape(y, [1, 4, 1]), { start: 0 }), []) };
  });
  expect([...gradients.x.readSync()]).toEqual([1, 1, 1, 1]);
});
