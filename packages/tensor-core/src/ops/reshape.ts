// A reshape moves nothing: it is another view of the same storage, and so is its gradient.
import { aliasTensor, sizeOf, type Shape, type Tensor } from "../tensor.ts";
import { expect } from "./check.ts";

/** The same values in another shape of the same size. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  expect("reshape", sizeOf(shape) === x.size, `a shape of ${x.size} elements`, `[${shape.join(", ")}]`);
  const { tape, shape: original } = x;
  const view = aliasTensor(x, { shape, tape });
  tape?.entries.push({
    inputs: [x],
    outputs: [view],
    saved: [],
    backward: ([gradient]) => [gradient && aliasTensor(gradient, { shape: original })],
  });
  return view;
}
