// What the conformance suite cannot see: splits of every size, unwanted gradients, and how work is divided.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { linear } from "../../../ops/linear.ts";
import { matmul } from "../../../ops/matmul.ts";
import { meanSquaredError } from "../../../ops/mean-squared-error.ts";
import { createRng } from "../../../random.ts";
import { scope } from "../../../scope.ts";
import { valueAndGradient } from "../../../tape.ts";
import { tensor, type Tensor } from "../../../tensor.ts";
import { createSimdBackend, type SimdBackend } from "../index.ts";
import { splitProduct } from "./gemm.ts";

let one: SimdBackend;
let three: SimdBackend;
beforeAll(async () => {
  one = await createSimdBackend({ build: "base", threads: 1 });
  three = await createSimdBackend({ build: "base", threads: 3 });
});
afterAll(() => [one, three].forEach((backend) => backend.dispose()));

function values(count: number, index: number): Float32Array {
  const rng = createRng({ seed: 5, index });
  return Float32Array.from({ length: count }, () => rng.uniform() * 2 - 1);
}

describe("product", () => {
  it("agrees with plain sums and does not depend on threads, whatever the sizes", () => {
    const size = fc.integer({ min: 1, max: 120 });
    fc.assert(
      fc.property(size, size, fc.integer({ min: 1, max: 600 }), (M, N, K) => {
        const [x, weight] = [values(M * K, 1), values(N * K, 2)];
        const [first, other] = [one, three].map((backend) =>
          scope(backend, () =>
            linear(tensor(x, [M, K], backend), { weight: tensor(weight, [N, K], backend) }).readSync(),
          ),
        );
        expect(other).toEqual(first);
        for (const [m, n] of [
          [0, 0],
          [M - 1, N - 1],
          [M >> 1, N >> 1],
        ]) {
          let sum = 0;
          for (let k = 0; k < K; k++) sum += x[m * K + k] * weight[n * K + k];
          expect(Math.abs(first[m * N + n] - sum)).toBeLessThan(3e-5);
        }
      }),
      { numRuns: 30, seed: 3 },
    );
  });

  it("of depth zero is the bias", () => {
    const empty = {
      x: tensor([], [3, 0], one),
      weight: tensor([], [5, 0], one),
      bias: tensor([1, 2, 3, 4, 5], [5], one),
    };
    const y = linear(empty.x, empty);
    expect([...y.readSync()]).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
    for (const made of [y, ...Object.values(empty)]) made.dispose();
  });

  it("of no rows is empty", () => {
    const empty = { x: tensor([], [0, 4], one), weight: tensor(values(8, 3), [2, 4], one) };
    const y = linear(empty.x, empty);
    expect(y.shape).toEqual([0, 2]);
    for (const made of [y, ...Object.values(empty)]) made.dispose();
  });

  it("writes nothing beyond its last row", () => {
    const x = tensor(values(16 * 3, 4), [16, 3], one);
    const weight = tensor(values(3, 5), [1, 3], one);
    const before = tensor(values(16, 6), [16], one);
    const y = tensor(values(16, 10), [16, 1], one);
    const after = tensor(values(16, 7), [16], one);
    one.kernels.get("Linear")?.({ x, weight }, { y }, {});
    expect(addressOf(after) - addressOf(y)).toBe(64);
    expect(addressOf(y) - addressOf(before)).toBe(64);
    expect(before.readSync()).toEqual(values(16, 6));
    expect(after.readSync()).toEqual(values(16, 7));
    for (const made of [x, weight, before, y, after]) made.dispose();
  });
});

describe("gradients", () => {
  it("are computed for one factor alone", () => {
    const [left, right] = [values(5, 8), values(5, 9)];
    scope(one, () => {
      const x = tensor(left, [1, 5], one);
      const weight = tensor(right, [1, 5], one);
      const ofWeight = valueAndGradient({ weight }, (params) => ({ loss: linear(x, params) }));
      const ofInput = valueAndGradient({ x }, (params) => ({ loss: linear(params.x, { weight }) }));
      expect(ofWeight.gradients.weight.readSync()).toEqual(left);
      expect(ofInput.gradients.x.readSync()).toEqual(right);
    });
    expect(one.memory().tensors).toBe(0);
  });
});

describe("products with prepared panels", () => {
  it("have the bits of those without, in training, whatever the sizes", () => {
    const size = fc.integer({ min: 1, max: 150 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), size, fc.integer({ min: 0, max: 600 }), (M, N, K) => {
        for (const backend of [one, three]) {
          scope(backend, () => {
            const x = tensor(values(M * K, 11), [M, K], backend);
            const weight = tensor(values(N * K, 12), [N, K], backend);
            const bias = tensor(values(N, 13), [N], backend);
            const turned = tensor(values(N * K, 14), [K, N], backend);
            const recorded = valueAndGradient({ weight, turned }, (params) => {
              const [ofLinear, ofMatmul] = [linear(x, { ...params, bias }), matmul(x, params.turned)];
              const loss = meanSquaredError(tensor([0], [1], backend), tensor([0], [1], backend));
              return { loss, ofLinear, ofMatmul };
            });
            expectSameBits(linear(x, { weight, bias }), recorded.value.ofLinear);
            expectSameBits(matmul(x, turned), recorded.value.ofMatmul);
          });
        }
      }),
      { numRuns: 12, seed: 4 },
    );
  });

  it("follow a weight that is written to, and free the panels with it", () => {
    const before = one.memory();
    const x = tensor([1, 10, 100], [1, 3], one);
    const weight = tensor([1, 2, 3], [1, 3], one);
    const withPanels = (): number => scope(one, () => linear(x, { weight }).readSync()[0]);
    expect(withPanels()).toBe(321);
    expect(one.memory()).toMatchObject({ tensors: before.tensors + 2, live: before.live + 3 * 64 + 64 });
    one.write(weight.storage.handle, [4, 5, 6]);
    weight.storage.version++;
    expect(withPanels()).toBe(654);
    expect(withPanels()).toBe(654);
    const other = tensor([7, 8, 9], [1, 3], one);
    expect(scope(one, () => linear(x, { weight: other }).readSync()[0])).toBe(987);
    for (const made of [x, weight, other]) made.dispose();
    expect(one.memory().tensors).toBe(before.tensors);
    expect(one.memory().live).toBe(before.live);
  });

  it("keep the forms of one tensor used both ways apart", () => {
    scope(one, () => {
      const x = tensor([1, 10], [1, 2], one);
      const factor = tensor([1, 2, 3, 4], [2, 2], one);
      for (let round = 0; round < 2; round++) {
        expect([...linear(x, { weight: factor }).readSync()]).toEqual([21, 43]);
        expect([...matmul(x, factor).readSync()]).toEqual([31, 42]);
      }
    });
  });
});

describe("splitProduct", () => {
  it("cuts the longer side, whatever the number of threads", () => {
    for (const threads of [1, 2, 16]) {
      expect(splitProduct(threads, 1040, 768, 192)).toMatchObject({ byColumns: false, count: 1040 });
      expect(splitProduct(threads, 197, 768, 768)).toMatchObject({ byColumns: true, count: 768 });
    }
  });

  it.each([2, 4, 8, 16])("gives each of %i threads work on a large product", (threads) => {
    const { count, grain } = splitProduct(threads, 1040, 768, 192);
    expect(Math.ceil(count / grain)).toBeGreaterThanOrEqual(threads);
  });

  it("keeps small products on the calling thread", () => {
    const { count, grain } = splitProduct(16, 40, 30, 50);
    expect(grain).toBeGreaterThanOrEqual(count);
  });
});

function expectSameBits(one: Tensor, other: Tensor): void {
  const [a, b] = [one, other].map((made) => new Uint8Array(made.readSync().buffer));
  expect(Buffer.compare(a, b)).toBe(0);
}

function addressOf({ storage }: Tensor): number {
  return (storage.handle as { readonly address: number }).address;
}
