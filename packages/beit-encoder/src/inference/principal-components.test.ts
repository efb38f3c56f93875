// Against matrices whose answer is known, and against the definition.
import { createRng } from "@beitjs/tensor-core/random";
import { describe, expect, it } from "vitest";
import { principalComponents } from "./principal-components.ts";
import { symmetricEigen } from "./symmetric-eigen.ts";

describe("symmetricEigen", () => {
  it("finds the waves of a string: 2 - 2 cos(k pi / (n + 1)) for -1, 2, -1", () => {
    const size = 12;
    const matrix = Float64Array.from({ length: size * size }, (_, i) => {
      const away = Math.abs(Math.floor(i / size) - (i % size));
      return away === 0 ? 2 : away === 1 ? -1 : 0;
    });
    const { values } = symmetricEigen(matrix, size);
    values.forEach((value, i) => expect(value).toBeCloseTo(2 - 2 * Math.cos(((size - i) * Math.PI) / (size + 1)), 12));
  });

  it.each([1, 2, 3, 9, 40])("gives vectors that a matrix only scales, at right angles: size %i", (size) => {
    const rng = createRng(size);
    const half = Float64Array.from({ length: size * size }, () => rng.normal());
    const at = (i: number, j: number) => half[i * size + j] + half[j * size + i];
    const matrix = Float64Array.from({ length: size * size }, (_, i) => at(Math.floor(i / size), i % size));
    const { values, vectors } = symmetricEigen(matrix, size);
    vectors.forEach((vector, k) => {
      for (let i = 0; i < size; i++) {
        const image = vector.reduce((sum, value, j) => sum + matrix[i * size + j] * value, 0);
        expect(image).toBeCloseTo(values[k] * vector[i], 10);
      }
      vectors.forEach((other, l) => {
        expect(vector.reduce((sum, value, i) => sum + value * other[i], 0)).toBeCloseTo(Number(k === l), 10);
      });
    });
  });

  it("keeps a diagonal matrix, equal values and nothing but zeros among them", () => {
    const { values, vectors } = symmetricEigen(Float64Array.from([3, 0, 0, 0, 5, 0, 0, 0, 3]), 3);
    expect([...values]).toEqual([5, 3, 3]);
    expect(vectors.map((vector) => [...vector])).toEqual([
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 1],
    ]);
    expect([...symmetricEigen(new Float64Array(4), 2).values]).toEqual([0, 0]);
  });
});

describe("principalComponents", () => {
  it("finds the axes of a cross, with their shares, scores and signs", () => {
    // 3 along (-4, 3) / 5 and 1 along (3, 4) / 5, around (10, -2); the largest entry of each is positive.
    const cross = [10 - 2.4, -2 + 1.8, 10 + 2.4, -2 - 1.8, 10 + 0.6, -2 + 0.8, 10 - 0.6, -2 - 0.8];
    const { mean, components, shares, scores } = principalComponents(cross, { width: 2, count: 2 });
    const close = (got: ArrayLike<number>, expected: readonly number[]) =>
      expected.forEach((value, i) => expect(got[i]).toBeCloseTo(value, 12));
    close(mean, [10, -2]);
    close(components[0], [0.8, -0.6]);
    close(components[1], [0.6, 0.8]);
    close(shares, [0.9, 0.1]);
    close(scores, [-3, 0, 3, 0, 0, 1, 0, -1]);
  });

  it("explains nothing where all vectors are the same, and refuses what is no set of vectors", () => {
    const { shares, scores } = principalComponents([1, 2, 3, 1, 2, 3], { width: 3, count: 3 });
    expect([...shares, ...scores]).toEqual(new Array(9).fill(0));
    expect(() => principalComponents([1, 2, 3], { width: 2, count: 1 })).toThrow("expected vectors of 2 values, got 3");
    expect(() => principalComponents([1, 2], { width: 2, count: 3 })).toThrow("expected 1 to 2 components, got 3");
  });
});
