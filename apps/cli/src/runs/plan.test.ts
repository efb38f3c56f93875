import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { demoFineTune, estimateMemory, fineTune, memoryDataset } from "@beitjs/trainers";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { describe, expect, it } from "vitest";
import { formatBytes, refuseTooLarge, type Smaller } from "./memory.ts";
import { tellPlan } from "./plan.ts";

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

describe("flags that make it fit", () => {
  const tooLarge = async (bytesOf: { readonly microBatches: number; readonly recompute?: boolean }, smaller?: Smaller) => {
    const roomy = await createSimdBackend({ threads: 1 });
    const { microBatches, recompute = false } = bytesOf;
    const usage = await estimateMemory({ ...recipe, microBatches }, { backend: roomy, recompute, evaluates: true });
    roomy.dispose();
    const maximumBytes = Math.ceil((usage?.reserved ?? 0) / 65536) * 65536;
    const backend = await createSimdBackend({ threads: 1, maximumBytes });
    const error = refuseTooLarge({ recipe, backend }, smaller).then(
      () => "no error",
      (thrown: Error) => thrown.message,
    );
    return (await error.finally(() => backend.dispose())).split("; ").at(-1);
  };

  it("are known without the images, and are those that a resume takes", async () => {
    expect(await tooLarge({ microBatches: 1, recompute: true })).toMatch(/^--micro-batches 2 takes .*, --recompute takes /);
    const resumed = { microBatches: "by fork", recompute: true } as const;
    expect(await tooLarge({ microBatches: 1, recompute: true }, resumed)).toMatch(/^--recompute takes \d+ MiB$/);
    expect(await tooLarge({ microBatches: 8 }, resumed)).toMatch(/by --fork, may have others: --micro-batches \d/);
    const none = { microBatches: false, recompute: false } as const;
    expect(await tooLarge({ microBatches: 8 }, none)).toBe("take another --backend, which can have more");
  });

  it("are none where all fits", async () => expect(await tooLarge({ microBatches: 1 })).toBe("no error"));
});

it("says where memory is not known", async () => {
  const { lines, context } = listener();
  await tellPlan({ recipe, images, backend: createReferenceBackend() }, context);
  expect(lines.at(-1)).toBe("memory: not known on reference");
});

it.each([
  [1, "1 MiB"],
  [300 * 2 ** 20, "300 MiB"],
  [1.5 * 2 ** 30, "1.5 GiB"],
])("%i bytes are %s", (bytes, told) => expect(formatBytes(bytes)).toBe(told));
