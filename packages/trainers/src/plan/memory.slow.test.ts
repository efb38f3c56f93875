// The memory that a run takes of a GPU, told before and then taken.
import { initTokenizer } from "@beitjs/dvae-tokenizer";
import { createRng } from "@beitjs/tensor-core/random";
import { createWebgpuBackend, type WebgpuPrecision } from "@beitjs/tensor-core/webgpu";
import { expect, it } from "vitest";
import { pretrain } from "../stages/pretrain.ts";
import { tinyImages, tinyPretrain, tinyTokenizer } from "../testing.ts";
import { estimateMemory } from "./memory.ts";

it.runIf(process.env.VK_DRIVER_FILES !== undefined).each<WebgpuPrecision>(["float32", "mixed"])(
  "of pre-training, %s",
  async (precision) => {
    const backend = await createWebgpuBackend({ allowSoftware: true, precision });
    const tokenizer = initTokenizer(tinyTokenizer.model, createRng(1), backend);
    const usage = await estimateMemory(tinyPretrain, { backend, tokenizer });
    let count = 0;
    for await (const _report of pretrain({ recipe: tinyPretrain, images: tinyImages(), backend, tokenizer })) {
      if (++count === 3) break;
    }
    const { peak } = backend.memory();
    backend.dispose();
    expect(usage?.peak).toBeGreaterThan(0.98 * peak);
    expect(usage?.peak).toBeLessThan(1.02 * peak);
  },
);
