import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { demoFineTune, estimateMemory, fineTune, memoryDataset } from "@beitjs/trainers";
import { expect, it } from "vitest";
import { formatBytes, tellPlan } from "./plan.ts";

const length = 64;
const images = memoryDataset({
  ...{ width: 28, height: 28, channels: 1, data: new Uint8Array(length * 28 * 28), name: String },
  ...{ labels: Uint8Array.from({ length }, (_, i) => i % 2), classes: ["a", "b"] },
});
const recipe = { ...demoFineTune, epochs: 2, batchSize: 32 };

function listener() {
  const lines: string[] = [];
  const say = (text: string) => void lines.push(text);
  return { lines, context: { terminal: { info: say, warn: say, event: () => undefined } as never } };
}

it("tells parameters, length and memory in three lines", async () => {
  const backend = await createSimdBackend({ threads: 1 });
  const { lines, context } = listener();
  await tellPlan({ recipe, images, backend }, context);
  backend.dispose();
  expect(lines).toEqual([
    expect.stringMatching(/^model: 204 k parameters \(blocks 200 k, patchEmbedding 3200, positions 1088, …\)$/),
    "run: 2 epochs of 2 steps of 32 images, 4 steps in all; rate 0.002",
    expect.stringMatching(/^memory: \d+ MiB expected of the 4 GiB that simd can have$/),
  ]);
});

it("refuses what the backend cannot have, and what it says instead does fit", async () => {
  const roomy = await createSimdBackend({ threads: 1 });
  const small = await estimateMemory({ ...recipe, microBatches: 4 }, { backend: roomy, classes: 2 });
  roomy.dispose();
  const maximumBytes = Math.ceil((small?.reserved ?? 0) / 65536) * 65536;
  const backend = await createSimdBackend({ threads: 1, maximumBytes });
  const { lines, context } = listener();
  const error = await tellPlan({ recipe, images, backend }, context).then(
    () => undefined,
    (thrown: Error) => thrown.message,
  );
  expect(error).toMatch(
    /^memory: \d+ MiB expected, \d+ MiB more than the \d+ MiB that simd can have; --micro-batches 4 takes \d+ MiB, /,
  );
  expect(lines).toHaveLength(2);
  backend.dispose();
  await expect(run(recipe)).rejects.toThrow("out of memory");
  expect(await run({ ...recipe, microBatches: 4 })).toBe(4);

  async function run(one: typeof recipe): Promise<number> {
    const fresh = await createSimdBackend({ threads: 1, maximumBytes });
    let step = 0;
    try {
      for await (const report of fineTune({ recipe: one, images, backend: fresh })) step = report.step;
    } finally {
      fresh.dispose();
    }
    return step;
  }
});

it.each([
  [1, "1 MiB"],
  [300 * 2 ** 20, "300 MiB"],
  [1.5 * 2 ** 30, "1.5 GiB"],
])("%i bytes are %s", (bytes, told) => expect(formatBytes(bytes)).toBe(told));
