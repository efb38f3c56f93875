// Configs that promise more than a file has: refused by a short message before anything of their sizes is made.
import { describe, expect, it } from "vitest";
import { bytesSource } from "@beitjs/tensor-core/files";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { readSafetensors, writeSafetensors } from "@beitjs/tensor-core/safetensors";
import {
  dvaeVariants,
  initTokenizer,
  loadTokenizer,
  openTokenizer,
  openTokenizerEncoder,
  saveTokenizer,
  type DvaeConfig,
} from "../index.ts";

const backend = createReferenceBackend();
const strided: DvaeConfig = {
  ...dvaeVariants["beit-customized"],
  ...{ imageSize: 8, vocabSize: 9, codebookWidth: 5, hidden: 4, layers: 1 },
};
const dallE: DvaeConfig = {
  ...dvaeVariants["dall-e"],
  ...{ imageSize: 8, vocabSize: 9, codebookWidth: 5, hidden: 8, groups: 2 },
};

async function withConfig(config: DvaeConfig, change: object): Promise<Uint8Array> {
  const { tensors } = readSafetensors(await saveTokenizer(initTokenizer(config, createRng(1), backend)));
  return writeSafetensors(tensors, { "beitjs.config": JSON.stringify({ ...config, ...change }) });
}

describe("a tokenizer's config that promises more than the file has", () => {
  it.each<[DvaeConfig, object, RegExp]>([
    [strided, { vocabSize: 1e12 }, /\[1000000000000, 5\]|1000000000000/],
    [strided, { hidden: 1e9 }, /1000000000/],
    [dallE, { codebookWidth: 2 ** 40 }, /1099511627776/],
    [
      strided,
      { blocksPerStage: 1e9 },
      /expected the tensors of 1000000001 blocks, as the config says, got \d+ tensors/,
    ],
    [strided, { middleBlocks: 1e7 }, /expected the tensors of 10000002 blocks/],
    [dallE, { blocksPerGroup: 1e8 }, /expected the tensors of 200000000 blocks/],
  ])("%#: %o %o", async (config, change, message) => {
    const bytes = await withConfig(config, change);
    const live = backend.memory().tensors;
    const file = bytesSource(bytes, "hostile.safetensors");
    for (const attempt of [
      () => openTokenizer(file, backend),
      () => openTokenizerEncoder(file, backend),
      async () => loadTokenizer(bytes, backend),
    ]) {
      const error = await attempt().then(
        () => "nothing was refused",
        (reason: Error) => reason.message,
      );
      const half = attempt.toString().includes("openTokenizerEncoder") && "codebookWidth" in change;
      if (!half) expect(error).toMatch(message);
      expect(error.length).toBeLessThan(4000);
    }
    expect(backend.memory().tensors - live).toBeLessThan(100);
  });
});
