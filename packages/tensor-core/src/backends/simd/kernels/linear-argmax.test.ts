// Products of 16-bit integers choose candidates, double precision chooses among them: no near tie may be lost.
import { afterAll, describe, expect, it } from "vitest";
import { argmax, linear, linearArgmax } from "../../../ops/index.ts";
import { scope, tensor, type Backend, type Tensor } from "../../../index.ts";
import { hashSigned } from "../../../testing/hash.ts";
import { createReferenceBackend } from "../../reference/index.ts";
import { createSimdBackend } from "../index.ts";

const reference = createReferenceBackend();
const backends = await Promise.all([1, 2].map((threads) => createSimdBackend({ threads })));
afterAll(() => backends.forEach((backend) => backend.dispose()));

const [M, K, N] = [13, 300, 1500];

// Fifty columns differ from one another by 1e-6 and are larger than the others; rows are of very different size.
function factors(backend: Backend): { readonly x: Tensor; readonly weight: Tensor; readonly bias: Tensor } {
  const x = Float32Array.from({ length: M * K }, (_, i) => 10 ** (Math.floor(i / K) - 6) * hashSigned(1, i));
  const weight = Float32Array.from({ length: N * K }, (_, i) => {
    const column = Math.floor(i / K);
    if (column % 30 > 0) return 0.2 * hashSigned(2, i);
    return 0.5 * hashSigned(1, i % K) + 1e-6 * hashSigned(3, i);
  });
  const bias = Float32Array.from({ length: N }, (_, n) => 1e-7 * hashSigned(4, n));
  return { x: tensor(x, [M, K], backend), weight: tensor(weight, [N, K], backend), bias: tensor(bias, [N], backend) };
}

describe("linearArgmax on simd", () => {
  it("chooses as double precision does, where float32 logits are too coarse to", () => {
    const expected = scope(reference, () => {
      const { x, ...params } = factors(reference);
      return argmax(linear(x, params)).readSync();
    });
    for (const backend of backends) {
      scope(backend, () => {
        const { x, ...params } = factors(backend);
        expect([...linearArgmax(x, params).readSync()]).toEqual([...expected]);
      });
      expect(backend.fallbacks.size).toBe(0);
    }
  });

  it("packs a weight once, again after it was written to, and frees it with the weight", () => {
    const [backend] = backends;
    const before = backend.memory().live;
    const { x, weight, bias } = factors(backend);
    const plain = backend.memory().live;
    const first = linearArgmax(x, { weight });
    const packed = backend.memory().live;
    expect(packed).toBeGreaterThan(plain + 2 * N * K);
    linearArgmax(x, { weight }).dispose();
    expect(backend.memory().live).toBe(packed);
    backend.write(weight.storage.handle, new Float32Array(N * K).fill(-1, 0, 7 * K));
    weight.storage.version++;
    const zeros = tensor(new Float32Array(K).fill(-1), [1, K], backend);
    const after = linearArgmax(zeros, { weight });
    expect(after.readSync()[0]).toBe(0);
    for (const one of [x, weight, bias, first, zeros, after]) one.dispose();
    expect(backend.memory()).toMatchObject({ live: before, tensors: 0 });
  });
});
