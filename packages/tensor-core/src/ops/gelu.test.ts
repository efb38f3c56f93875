import { expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { tensor } from "../tensor.ts";
import { gelu } from "./gelu.ts";

it("is the exact GELU, not the tanh form", () => {
  const x = tensor([-3, -1, -0.5, 0, 0.5, 1, 3, 30, -30], [9], createReferenceBackend());
  // x times the normal distribution function, from its tables; the tanh form gives 0.84119199 at 1.
  const expected = [-0.00404969, -0.15865525, -0.15426877, 0, 0.34573123, 0.84134475, 2.99595031, 30, 0];
  gelu(x)
    .readSync()
    .forEach((value, i) => expect(value).toBeCloseTo(expected[i], 8));
});
