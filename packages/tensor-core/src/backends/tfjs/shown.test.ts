// What tensors of tfjs print: their values where tf has them in the host's memory.
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { expect, it } from "vitest";
import { tensor, zeros } from "../../tensor.ts";
import { createTfjsBackend } from "./index.ts";

it("shows first values, written or blank", async () => {
  await tf.setBackend("cpu");
  const backend = await createTfjsBackend(tf);
  expect(String(tensor([1, 2, 3, 4, 5, 6, 7], [7], backend))).toBe(
    "Tensor float32 [7] on tfjs-cpu: 1, 2, 3, 4, 5, 6, …",
  );
  expect(String(zeros([2], backend, "int32"))).toBe("Tensor int32 [2] on tfjs-cpu: 0, 0");
});
