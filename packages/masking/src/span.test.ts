import { createRng } from "@beitjs/tensor-core/random";
import fc from "fast-check";
import { expect, test } from "vitest";
import { drawSpanLength, spanLengthProbabilities, spanMask } from "./span.ts";

test("lengths are geometric with 0.2, cut at 10 and renormalized", () => {
  const table = [0.22406, 0.17925, 0.1434, 0.11472, 0.09177, 0.07342, 0.05874, 0.04699, 0.03759, 0.03007];
  const probabilities = spanLengthProbabilities();
  table.forEach((probability, i) => expect(probabilities[i]).toBeCloseTo(probability, 5));
  expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 14);
  expect(probabilities.reduce((sum, probability, i) => sum + probability * (i + 1), 0)).toBeCloseTo(3.797, 3);
});

test("drawn lengths follow the table", () => {
  const probabilities = spanLengthProbabilities();
  const rng = createRng(15);
  const draws = 200_000;
  const seen = new Array<number>(11).fill(0);
  for (let i = 0; i < draws; i++) seen[drawSpanLength(probabilities, rng)]++;
  expect(seen[0]).toBe(0);
  probabilities.forEach((p, i) => {
    // Four standard deviations of a binomial share.
    expect(Math.abs(seen[i + 1] / draws - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / draws));
  });
  const mean = seen.reduce((sum, times, length) => sum + times * length, 0) / draws;
  expect(Math.abs(mean - 3.797)).toBeLessThan(0.025);
});

// Words of one to four pieces.
const wordStartsOf = fc
  .array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 120 })
  .map((words) => words.flatMap((pieces) => [1, ...new Array<number>(pieces - 1).fill(0)]));

test("the budget is met exactly, spans start with words, are apart, and only the last drawn may end inside a word", () => {
  fc.assert(
    fc.property(wordStartsOf, fc.nat(), fc.constantFrom(0.15, 0.5, 1), (wordStarts, seed, ratio) => {
      const length = wordStarts.length;
      const { cells, count, spans } = spanMask(length, { wordStarts, ratio }, createRng(seed));
      expect(count).toBe(Math.ceil(ratio * length));
      expect(cells.reduce((a, b) => a + b)).toBe(count);
      const rebuilt = new Uint8Array(length);
      spans.forEach(({ start, end }, i) => {
        rebuilt.fill(1, start, end);
        expect(end).toBeGreaterThan(start);
        expect(wordStarts[start]).toBe(1);
        if (i > 0) expect(start).toBeGreaterThan(spans[i - 1].end);
      });
      expect(rebuilt).toEqual(cells);
      expect(spans.filter(({ end }) => end < length && wordStarts[end] === 0).length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 300 },
  );
});

test("a span never has more than its words, and long texts show the mean length", () => {
  const only = spanMask(400, { maxWords: 1, ratio: 0.01 }, createRng(2));
  expect([only.count, only.spans.length <= 4]).toEqual([4, true]);
  // In a long text with a tiny budget spans hardly meet, so runs are as long as drawn.
  let [spans, tokens] = [0, 0];
  for (let index = 0; index < 40; index++) {
    const mask = spanMask(60_000, { ratio: 0.005 }, createRng({ seed: 1, index }));
    spans += mask.spans.length;
    tokens += mask.count;
  }
  expect(Math.abs(tokens / spans - 3.797)).toBeLessThan(0.2);
});

test("masks are determined by the rng", () => {
  const draw = (index: number) => spanMask(128, {}, createRng({ seed: 3, index }));
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1).cells).not.toEqual(draw(2).cells);
});

test("wrong lengths and options are refused", () => {
  const rng = createRng(1);
  expect(() => spanMask(0, {}, rng)).toThrow("[spanMask] expected length to be an integer of at least 1, got 0");
  expect(() => spanMask(4, { ratio: 0 }, rng)).toThrow("[spanMask] expected ratio in (0, 1], got 0");
  expect(() => spanMask(3, { wordStarts: [1, 0] }, rng)).toThrow("expected 3 word starts, the first of them 1, got 2");
  expect(() => spanMask(2, { wordStarts: [0, 1] }, rng)).toThrow("the first of them 1, got 2 from 0");
  expect(() => spanLengthProbabilities({ endProbability: 1 })).toThrow("expected endProbability in (0, 1), got 1");
  expect(() => spanLengthProbabilities({ maxWords: 0 })).toThrow(
    "expected maxWords to be an integer in [1, 65536], got 0",
  );
});
