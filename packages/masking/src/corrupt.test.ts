import { createRng } from "@beitjs/tensor-core/random";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bertCorrupt, spanCorrupt } from "./corrupt.ts";
import { spanMask } from "./span.ts";

const [maskToken, cls, sep, vocabSize] = [103, 101, 102, 1000];
const options = { maskToken, vocabSize, specialTokens: [cls, sep] };

// [CLS] words [SEP]; ordinary ids start at 200, so that mask tokens and specials stand out.
function sentence(length: number): number[] {
  return Array.from({ length }, (_, i) => (i === 0 ? cls : i === length - 1 ? sep : 200 + (i % 700)));
}

test.each([
  [128, 20, 19],
  [512, 76, 76],
  [512, 20, 20],
  [30, 20, 4], // 4.5 rounds to the even number, as in Python
  [3, 20, 1],
])("%i tokens with at most %i predictions give %i", (length, maxPredictions, expected) => {
  const { count, labels } = bertCorrupt(sentence(length), { ...options, maxPredictions }, createRng(1));
  expect(count).toBe(expected);
  expect(labels.filter((label) => label !== -1).length).toBe(expected);
});

test("labels stand at chosen tokens only, specials are never chosen, the rest is untouched", () => {
  fc.assert(
    fc.property(fc.integer({ min: 3, max: 200 }), fc.nat(), (length, seed) => {
      const tokens = sentence(length);
      const { tokens: corrupted, labels } = bertCorrupt(tokens, options, createRng(seed));
      tokens.forEach((token, i) => {
        const untouched = labels[i] === -1 && corrupted[i] === token;
        if (!untouched && (labels[i] !== token || token === cls || token === sep)) expect.fail(`position ${i}`);
      });
    }),
  );
});

test("of the chosen 80% are masked, 10% random, 10% kept; of all tokens 12%, 1.5% and 1.5%", () => {
  const tokens = sentence(402);
  const seen = { masked: 0, kept: 0, random: 0, chosen: 0 };
  const draws = 2000;
  for (let index = 0; index < draws; index++) {
    const result = bertCorrupt(tokens, { ...options, maxPredictions: 100 }, createRng({ seed: 4, index }));
    result.labels.forEach((label, i) => {
      if (label === -1) return;
      seen.chosen++;
      if (result.tokens[i] === maskToken) seen.masked++;
      else if (result.tokens[i] === label) seen.kept++;
      else seen.random++;
    });
  }
  expect(seen.chosen).toBe(60 * draws);
  const three = (p: number) => 3 * Math.sqrt((p * (1 - p)) / seen.chosen);
  // A random token is the mask token or the original once in 1000 each.
  expect(Math.abs(seen.masked / seen.chosen - 0.8001)).toBeLessThan(three(0.8));
  expect(Math.abs(seen.kept / seen.chosen - 0.1001)).toBeLessThan(three(0.1));
  expect(Math.abs(seen.random / seen.chosen - 0.0998)).toBeLessThan(three(0.1));
  expect(Math.abs(seen.masked / (draws * 402) - 0.12)).toBeLessThan(0.002);
});

test("random tokens cover the whole vocabulary evenly, positions are chosen evenly", () => {
  const tokens = sentence(22);
  const places = new Array<number>(22).fill(0);
  const ids = new Array<number>(8).fill(0);
  for (let index = 0; index < 20_000; index++) {
    const result = bertCorrupt(tokens, { ...options, maskToken: 5000, vocabSize: 8 }, createRng({ seed: 9, index }));
    result.labels.forEach((label, i) => {
      if (label === -1) return;
      places[i]++;
      if (result.tokens[i] < 8) ids[result.tokens[i]]++;
    });
  }
  expect([places[0], places[21]]).toEqual([0, 0]);
  // 3 of 20 candidates: 3000 times with a deviation of 50; about 750 of each id with a deviation of 27.
  for (const times of places.slice(1, 21)) expect(Math.abs(times - 3000)).toBeLessThan(225);
  for (const times of ids) expect(Math.abs(times - 750)).toBeLessThan(125);
});

test("whole words are chosen together, and passed over where they would exceed the number", () => {
  const tokens = sentence(42); // six may be chosen, words of four: one fits
  const wordStarts = tokens.map((_, i) => (i === 0 || i === 41 || (i - 1) % 4 === 0 ? 1 : 0));
  for (let index = 0; index < 200; index++) {
    const { labels, count } = bertCorrupt(tokens, { ...options, wordStarts }, createRng({ seed: 2, index }));
    expect(count).toBe(4);
    const first = labels.findIndex((label) => label !== -1);
    expect((first - 1) % 4).toBe(0);
    expect(Array.from(labels.subarray(first, first + 4))).toEqual(tokens.slice(first, first + 4));
  }
  expect(bertCorrupt(sentence(6), { ...options, wordStarts: [1, 1, 0, 0, 0, 1] }, createRng(1)).count).toBe(0);
});

test("spans are replaced as one: 80% masked, 10% random, 10% kept", () => {
  const seen = { masked: 0, random: 0, kept: 0 };
  const tokens = sentence(300).fill(200);
  let spans = 0;
  for (let index = 0; index < 1500; index++) {
    const rng = createRng({ seed: 6, index });
    const mask = spanMask(300, {}, rng);
    // Ids of a vocabulary far above, so that random ones are told apart.
    const result = spanCorrupt(tokens, mask, { maskToken: 7, vocabSize: 2 ** 30 }, rng);
    expect(result.count).toBe(45);
    for (const { start, end } of mask.spans) {
      const kinds = new Set(Array.from(result.tokens.subarray(start, end), kindOf));
      if (kinds.size !== 1) expect.fail(`a span of ${[...kinds].join(" and ")}`);
      for (const kind of kinds) seen[kind]++;
      spans++;
    }
    result.labels.forEach((label, i) => {
      if (label !== (mask.cells[i] === 1 ? 200 : -1)) expect.fail(`label ${label} at ${i}`);
    });
  }
  for (const [kind, p] of [
    ["masked", 0.8],
    ["random", 0.1],
    ["kept", 0.1],
  ] as const) {
    expect(Math.abs(seen[kind] / spans - p)).toBeLessThan(3 * Math.sqrt((p * (1 - p)) / spans));
  }
});

function kindOf(token: number): "masked" | "random" | "kept" {
  return token === 7 ? "masked" : token === 200 ? "kept" : "random";
}

test("by token, a span may mix", () => {
  const rng = createRng(5);
  const mask = { cells: new Uint8Array(5000).fill(1), count: 5000, spans: [{ start: 0, end: 5000 }] };
  const replacement = { maskToken: 7, vocabSize: 2 ** 30, replacement: "token" } as const;
  const { tokens } = spanCorrupt(new Array<number>(5000).fill(200), mask, replacement, rng);
  const share = (kind: string) => tokens.filter((token) => kindOf(token) === kind).length / 5000;
  expect(Math.abs(share("masked") - 0.8)).toBeLessThan(0.02);
  expect(Math.abs(share("random") - 0.1)).toBeLessThan(0.015);
  expect(Math.abs(share("kept") - 0.1)).toBeLessThan(0.015);
});

test("inputs are left alone and the rng decides all", () => {
  const tokens = Object.freeze(sentence(64));
  const draw = (index: number) => bertCorrupt(tokens, options, createRng({ seed: 1, index }));
  expect(draw(0)).toEqual(draw(0));
  expect(draw(0).labels).not.toEqual(draw(1).labels);
});

test("options out of range are refused", () => {
  const rng = createRng(1);
  const tokens = sentence(8);
  expect(() => bertCorrupt([cls, sep], options, rng)).toThrow("expected a token that is not special among 2, got none");
  expect(() => bertCorrupt(tokens, { ...options, ratio: 2 }, rng)).toThrow(
    "[bertCorrupt] expected ratio in (0, 1], got 2",
  );
  expect(() => bertCorrupt(tokens, { ...options, maxPredictions: 0 }, rng)).toThrow("maxPredictions to be an integer");
  expect(() => bertCorrupt(tokens, { ...options, vocabSize: 0 }, rng)).toThrow(
    "vocabSize >= 1, both integers, got 103 and 0",
  );
  expect(() => bertCorrupt(tokens, { ...options, wordStarts: [1] }, rng)).toThrow("expected 8 word starts, got 1");
  const mask = spanMask(5, {}, rng);
  expect(() => spanCorrupt(tokens, mask, options, rng)).toThrow("[spanCorrupt] expected a mask of 8 tokens, got 5");
});
