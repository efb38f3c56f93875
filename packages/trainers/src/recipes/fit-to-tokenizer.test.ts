import { loadTokenizer } from "@beitjs/dvae-tokenizer";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { expect, it } from "vitest";
import { checkMatch } from "../stages/pretrain.ts";
import { fitToTokenizer } from "./fit-to-tokenizer.ts";
import { pretrainBase, pretrainSmall, pretrainTiny } from "./index.ts";

it("makes recipes for OpenAI's tokenizer fit the small one, which comes along", async () => {
  const tokenizer = await loadTokenizer("small", createReferenceBackend());
  for (const recipe of [pretrainTiny, pretrainBase]) {
    expect(() => checkMatch(recipe, tokenizer)).toThrow(
      "[pretrain] expected vocabSize of the codebook's, got 8192 and 1024; " +
        "this tokenizer takes model.vocabSize=1024 views.tokenSize=56",
    );
    checkMatch(fitToTokenizer(recipe, tokenizer), tokenizer);
  }
  expect(fitToTokenizer(pretrainSmall, tokenizer)).toEqual(pretrainSmall);
});
