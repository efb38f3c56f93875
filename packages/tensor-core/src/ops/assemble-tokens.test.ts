import { expect, it } from "vitest";
import { createReferenceBackend } from "../backends/reference/index.ts";
import { valueAndGradient } from "../tape.ts";
import { tensor } from "../tensor.ts";
import { assembleTokens } from "./assemble-tokens.ts";
import { meanTokens } from "./mean-tokens.ts";
import { reshape } from "./reshape.ts";

const backend = createReferenceBackend();
const patches = tensor([1, 2, 3], [1, 3, 1], backend);
const classToken = tensor([10], [1], backend);
const maskToken = tensor([20], [1], backend);

it("keeps the position of a masked patch", () => {
  const mask = tensor([0, 1, 0], [1, 3], backend, "int32");
  const position = tensor([0.1, 0.2, 0.3, 0.4], [4, 1], backend);
  const y = assembleTokens(patches, { classToken, maskToken, mask, position });
  expect([...y.readSync()]).toEqual([10.1, 1.2, 20.3, 3.4]);
});

it("leaves the mask token alone when nothing can be masked", () => {
  const { gradients } = valueAndGradient({ classToken, maskToken }, (params) => ({
    loss: reshape(meanTokens(assembleTokens(patches, params), { start: 0 }), []),
  }));
  expect(gradients.maskToken.readSync()[0]).toBe(0);
  expect(gradients.classToken.readSync()[0]).toBe(0.25);
});
