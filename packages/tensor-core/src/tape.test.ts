import { describe, expect, it } from "vitest";
import { createReferenceBackend } from "./backends/reference/index.ts";
import { layerNorm, reshape } from "./ops/index.ts";
import { apply, defineOp } from "./ops/define-op.ts";
import { scope } from "./scope.ts";
import { recomputed, valueAndGradient } from "./tape.ts";
import { tensor, zeros, type Tensor } from "./tensor.ts";

// Two tiny ops of the test's own: a product, and a sum that passes its gradient on unchanged.
const productOp = defineOp<{ a: Tensor; b: Tensor }, "y">({
  name: "TestProduct",
  shape: ({ a }) => ({ y: a }),
  saves: ["a", "b"],
  forward({ a, b }, { y }) {
    for (let i = 0; i < y.length; i++) y[i] = a[i] * b[i];
  },
  backward({ dy, a, b }, { da, db }) {
    for (let i = 0; i < dy.length; i++) {
      da[i] = dy[i] * b[i];
      db[i] = dy[i] * a[i];
    }
  },
});
const plusOp = defineOp<{ a: Tensor; b: Tensor }, "y">({
  name: "TestPlus",
  shape: ({ a }) => ({ y: a }),
  passes: { da: "dy", db: "dy" },
  forward({ a, b }, { y }) {
    for (let i = 0; i < y.length; i++) y[i] = a[i] + b[i];
  },
  backward({ dy }, { da, db }) {
    da.set(dy);
    db.set(dy);
  },
});
const totalOp = defineOp<{ x: Tensor }, "y">({
  name: "TestTotal",
  shape: () => ({ y: [] }),
  forward({ x }, { y }) {
    for (const value of x) y[0] += value;
  },
  backward({ dy }, { dx }) {
    dx.fill(dy[0]);
  },
});
const product = (a: Tensor, b: Tensor): Tensor => apply(productOp, { a, b }, {}).y;
const plus = (a: Tensor, b: Tensor): Tensor => apply(plusOp, { a, b }, {}).y;
const total = (x: Tensor): Tensor => apply(totalOp, { x }, {}).y;

describe("valueAndGradient", () => {
  it("adds the gradients of a tensor used several times, shared storage included", () => {
    const backend = createReferenceBackend();
    const params = { a: tensor([2, 3], [2], backend), b: tensor([5, 7], [2], backend) };
    // d/da of (a b + a + a) = b + 2, and again through a + a twice over: the passed gradients share storage.
    const { value, gradients } = valueAndGradient(params, ({ a, b }) => {
      const doubled = plus(a, a);
      return { loss: total(plus(product(a, b), plus(doubled, doubled))) };
    });
    expect(value.loss.readSync()[0]).toBe(2 * 5 + 3 * 7 + 4 * 5);
    expect([...gradients.a.readSync()]).toEqual([9, 11]);
    expect([...gradients.b.readSync()]).toEqual([2, 3]);
  });

  it("keeps the value and the gradients, frees all else", () => {
    const backend = createReferenceBackend();
    const params = { a: tensor([1, 2, 3], [3], backend) };
    const before = backend.memory().tensors;
    const { value, gradients } = valueAndGradient(params, ({ a }) => {
      const squared = scope(backend, () => product(plus(a, a), a));
      return { loss: total(squared), squared };
    });
    expect(backend.memory().tensors).toBe(before + 3);
    expect([...value.squared.readSync()]).toEqual([2, 8, 18]);
    expect([...gradients.a.readSync()]).toEqual([4, 8, 12]);
    for (const made of [value.loss, value.squared, gradients.a]) made.dispose();
    expect(backend.memory().tensors).toBe(before);
    expect(value.squared.tape).toBeUndefined();
  });

  it("gives zeros to parameters that took no part and honors the scale", () => {
    const backend = createReferenceBackend();
    const params = { used: tensor([3], [1], backend), unused: zeros([2, 2], backend) };
    const { gradients } = valueAndGradient(params, ({ used }) => ({ loss: total(product(used, used)) }), {
      scale: 0.5,
    });
    expect([...gradients.used.readSync()]).toEqual([3]);
    expect([...gradients.unused.readSync()]).toEqual([0, 0, 0, 0]);
  });

  it("goes through reshapes", () => {
    const backend = createReferenceBackend();
    const params = { gamma: tensor([1, 2], [2], backend), beta: tensor([0, 0], [2], backend) };
    const x = tensor([1, 2, 3, 5], [4], backend);
    const { gradients } = valueAndGradient(params, (tracked) => ({
      loss: total(reshape(layerNorm(reshape(x, [2, 2]), tracked), [4])),
    }));
    expect([...gradients.beta.readSync()]).toEqual([2, 2]);
  });

  it("refuses a loss that is no scalar and an empty tree", () => {
    const backend = createReferenceBackend();
    const params = { a: tensor([1, 2], [2], backend) };
    expect(() => valueAndGradient(params, ({ a }) => ({ loss: plus(a, a) }))).toThrow(
      "[valueAndGradient] expected a scalar loss, got [2]",
    );
    expect(() => valueAndGradient({}, () => ({ loss: zeros([], backend) }))).toThrow("got an empty tree");
  });
});

describe("scope", () => {
  it("frees what was made inside, also when the body throws", () => {
    const backend = createReferenceBackend();
    expect(() =>
      scope(backend, () => {
        zeros([4], backend);
        throw new Error("stop");
      }),
    ).toThrow("stop");
    expect(backend.memory()).toMatchObject({ tensors: 0, live: 0 });
    expect(backend.scopes).toEqual([]);
  });

  it("hands its result to the enclosing scope", () => {
    const backend = createReferenceBackend();
    scope(backend, () => {
      const inner = scope(backend, () => ({ kept: zeros([2], backend), list: [zeros([3], backend)] }));
      expect(backend.memory().tensors).toBe(2);
      expect(inner.kept.disposed).toBe(false);
    });
    expect(backend.memory().tensors).toBe(0);
  });

  it("refuses asynchronous bodies", () => {
    expect(() => scope(createReferenceBackend(), async () => 1)).toThrow("expected a synchronous body");
  });
});

describe("ops at their edge", () => {
  it("refuse disposed tensors, mixed backends and wrong dtypes by name", () => {
    const [one, two] = [createReferenceBackend(), createReferenceBackend()];
    const a = tensor([1], [1], one);
    expect(() => product(a, tensor([1], [1], two))).toThrow(
      "[TestProduct] expected all inputs on backend reference, got b on reference",
    );
    expect(() => product(a, tensor([1], [1], one, "int32"))).toThrow(
      "[TestProduct] expected b to be float32, got int32",
    );
    const gone = tensor([1], [1], one);
    gone.dispose();
    expect(() => product(a, gone)).toThrow("[TestProduct] tensor [1] was disposed");
    expect(() => tensor([1, 2], [3], one)).toThrow("[tensor] expected 3 values for [3], got 2");
  });
});

describe("recomputed", () => {
  // Twice a chain of products of both parameters, the second of them through the first.
  const chain = (again: boolean) => {
    const backend = createReferenceBackend();
    const params = { a: tensor([2, -3], [2], backend), b: tensor([0.5, 7], [2], backend), unused: zeros([1], backend) };
    const outside = tensor([1.5, -1], [2], backend);
    const before = backend.memory().tensors;
    const link = ({ a, b, c }: { a: Tensor; b: Tensor; c?: Tensor | undefined }): Tensor =>
      plus(product(product(a, b), product(a, c ?? a)), a);
    const run = (inputs: { a: Tensor; b: Tensor; c?: Tensor | undefined }): Tensor =>
      again ? recomputed(inputs, link) : link(inputs);
    const { value, gradients } = valueAndGradient(params, ({ a, b }) => {
      const first = scope(backend, () => run({ a, b, c: outside }));
      const second = scope(backend, () => run({ a: first, b, c: undefined }));
      return { loss: total(plus(second, a)) };
    });
    const results = [value.loss, gradients.a, gradients.b, gradients.unused].map((made) => [...made.readSync()]);
    for (const made of [value.loss, gradients.a, gradients.b, gradients.unused]) made.dispose();
    expect(backend.memory().tensors).toBe(before);
    return results;
  };

  it("gives the same value and gradients, and frees everything", () => {
    expect(chain(true)).toEqual(chain(false));
  });

  it("is the plain function where nothing is recorded", () => {
    const backend = createReferenceBackend();
    const [a, b] = [tensor([2], [1], backend), tensor([3], [1], backend)];
    const y = recomputed({ a, b }, (inputs) => product(inputs.a, inputs.b));
    expect([...y.readSync()]).toEqual([6]);
    expect(y.tape).toBeUndefined();
  });

  it("runs the function again only for a gradient that arrives", () => {
    const backend = createReferenceBackend();
    const params = { a: tensor([2], [1], backend) };
    let runs = 0;
    const { gradients } = valueAndGradient(params, ({ a }) => {
      const square = ({ x }: { x: Tensor }): Tensor => {
        runs++;
        return product(x, x);
      };
      recomputed({ x: a }, square);
      return { loss: total(recomputed({ x: a }, square)) };
    });
    expect(runs).toBe(3);
    expect([...gradients.a.readSync()]).toEqual([4]);
  });
});
