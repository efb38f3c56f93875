// Starting so many threads takes a while.
import { expect, it } from "vitest";
import { relu } from "../../ops/relu.ts";
import { tensor } from "../../tensor.ts";
import { createSimdBackend } from "./index.ts";

const length = 2 ** 20;

it.each([65, 256])("%i threads compute what one computes", { timeout: 300_000 }, async (threads) => {
  const backend = await createSimdBackend({ threads, build: "base" });
  expect(backend.threads).toBe(threads);
  const x = tensor(
    Float32Array.from({ length }, (_, i) => (i % 7) - 3),
    [length],
    backend,
  );
  const y = relu(x).readSync();
  expect(y.every((value, i) => value === Math.max(0, (i % 7) - 3))).toBe(true);
  backend.dispose();
});
