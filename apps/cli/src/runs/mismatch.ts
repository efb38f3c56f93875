// A recipe of pre-training and the tokenizer whose tokens it is to predict.
import type { TokenizerEncoder } from "@beitjs/dvae-tokenizer";
import { checkMatch, type PretrainRecipe } from "@beitjs/trainers";
import { messageOf, usageError } from "../program/exit-codes.ts";

/** @throws a usage error that says what does not fit, and the way out */
export function refuseMismatch(recipe: PretrainRecipe, tokenizer: TokenizerEncoder): void {
  try {
    checkMatch(recipe, tokenizer);
  } catch (error) {
    const wayOut = "recipes of ours take it from the tokenizer where --set and files say nothing of it";
    throw usageError(`recipe and tokenizer do not fit: ${messageOf(error)}; ${wayOut}`, error);
  }
}
