import { describe, expect, it } from "vitest";
import { createRng } from "@beitjs/tensor-core/random";
import { corpusOf, drawPretraining, sequencesOf } from "./batches.ts";
import { charactersOf, special } from "./characters.ts";
import { passages } from "./texts.ts";

const documents = ["the cat sat on the mat.\nit was warm.", "a dog ran to the park.\nit was cold, and far."];
const characters = charactersOf(documents);
const corpus = corpusOf(documents, characters, 16);
const draw = { batch: 40, length: 16, masking: "characters", pairs: false } as const;

describe("charactersOf", () => {
  it("has the commonest first, and says what it does not know", () => {
    expect(characters.decode(characters.encode("the cat"))).toBe("the cat");
    expect([...characters.encode("é")]).toEqual([special.unknown]);
    expect(characters.decode([special.cls, 4, special.sep, special.mask])).toBe("[CLS] [SEP][MASK]");
  });
});

describe("passages", () => {
  it("begin where sentences do and do not overlap", () => {
    expect(passages(["one two.\nthree four.\nfive six."], 10)).toEqual(["one two. t", "five six."].slice(0, 1));
    expect(passages(["one two.\nthree four.\nfive six seven."], 14)).toEqual(["one two. three", "five six seven"]);
  });
});

describe("drawPretraining", () => {
  it("hides 15 % of the characters: most by the mask token, and never [CLS]", () => {
    const { tokens, hidden } = drawPretraining(corpus, draw, createRng(3));
    expect(hidden.rows).toHaveLength(40 * 2);
    expect(hidden.rows.some((row) => row % 16 === 0)).toBe(false);
    const masked = hidden.rows.filter((row) => tokens[row] === special.mask).length / hidden.rows.length;
    expect(masked).toBeGreaterThan(0.65);
    expect(masked).toBeLessThan(0.95);
    expect(hidden.tokens.every((token) => token > special.unknown)).toBe(true);
  });

  it("hides spans whole, and finds the tokens beside them", () => {
    const { tokens, hidden } = drawPretraining(corpus, { ...draw, masking: "spans" }, createRng(3));
    expect(hidden.rows).toHaveLength(40 * 3);
    for (const { left, right, place, token } of hidden.boundaries) {
      expect(left + 1 + place).toBeLessThan(right);
      expect(hidden.tokens[hidden.rows.indexOf(left + 1 + place)]).toBe(token);
      for (const side of [left, right]) expect(hidden.rows).not.toContain(side);
      expect(tokens[left]).not.toBe(special.cls);
    }
    expect(hidden.boundaries.length).toBeGreaterThan(0);
  });

  it("pairs a passage with its continuation in half of the cases", () => {
    const { tokens, secondStarts, continues } = drawPretraining(
      corpus,
      { ...draw, length: 19, pairs: true, batch: 200 },
      createRng(5),
    );
    const share = continues.reduce((sum, one) => sum + one) / continues.length;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
    expect(secondStarts[0]).toBe(10);
    expect([tokens[0], tokens[9], tokens[18]]).toEqual([special.cls, special.sep, special.sep]);
  });

  it("is the same batch for the same numbers", () => {
    expect(drawPretraining(corpus, draw, createRng(3))).toEqual(drawPretraining(corpus, draw, createRng(3)));
  });
});

it("sequencesOf puts [CLS] before each passage", () => {
  const { tokens } = sequencesOf([Int32Array.of(5, 6), Int32Array.of(7, 8)]);
  expect([...tokens]).toEqual([special.cls, 5, 6, special.cls, 7, 8]);
});
