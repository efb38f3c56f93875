// The average against timm 1.0.31 (ModelEmaV3, decay 0.9, one update a step from 1), and against its closed form.
import { afterAll, describe, expect, it } from "vitest";
import { tensor, type Tensor } from "@beitjs/tensor-core";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { emaDecay, initEma, updateEma } from "./ema.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());

const weightsAt = (n: number) => [n / 8, ((n * 7) % 5) - 2, -n / 4 + 1];

/** The average after so many updates. */
function averageAfter(updates: number, warmup: boolean, backend = createReferenceBackend()): number[] {
  let average: { w: Tensor } | undefined;
  for (let n = 1; n <= updates; n++) {
    const params = { w: tensor(weightsAt(n), [3], backend) };
    average ??= initEma(params);
    updateEma(average, params, emaDecay(n, { decay: 0.9, warmup }));
    params.w.dispose();
  }
  const values = Array.from(average?.w.readSync() ?? []);
  average?.w.dispose();
  return values;
}

describe.each([
  [
    "with warm-up",
    true,
    [0, 0.3700394750525634, 0.5192501432308638, 0.7845565309968117, 0.8986651402454389, 0.9],
    [
      [0.125, 0, 0.75],
      [0.2037451, 1.2599211, 0.5925099],
      [0.2860759, 0.1734644, 0.4278483],
      [0.911911, -0.2342402, -0.823822],
      [2.9755452, -0.100282, -4.9510903],
      [3.9623811, -0.1107415, -6.9247622],
    ],
  ],
  [
    "without",
    false,
    [0, 0.9, 0.9, 0.9, 0.9, 0.9],
    [
      [0.125, 0, 0.75],
      [0.1375, 0.2, 0.725],
      [0.16125, 0.08, 0.6775],
      [0.5608481, -0.0718901, -0.1216961],
      [2.7976902, -0.0951272, -4.5953803],
      [3.8934762, -0.1087444, -6.7869525],
    ],
  ],
] as const)("the average of weights %s", (_, warmup, decays, values) => {
  const updates = [1, 2, 3, 10, 31, 40];

  it("has timm's decays", () => {
    updates.forEach((n, i) => expect(emaDecay(n, { decay: 0.9, warmup })).toBeCloseTo(decays[i], 12));
  });

  it.each(["reference", "simd"])("has timm's values on %s, and leaves nothing else", (name) => {
    const before = simd.memory().tensors;
    for (const [i, n] of updates.entries()) {
      const got = averageAfter(n, warmup, name === "simd" ? simd : undefined);
      got.forEach((value, at) => expect(value).toBeCloseTo(values[i][at], 5));
    }
    expect(simd.memory().tensors).toBe(before);
  });
});

it("comes to constant weights as decay^n, and stays there", () => {
  const backend = createReferenceBackend();
  const params = { w: tensor([3], [1], backend) };
  const average = { w: tensor([1], [1], backend) };
  for (let n = 1; n <= 50; n++) updateEma(average, params, 0.9);
  expect(average.w.readSync()[0]).toBeCloseTo(3 - 2 * 0.9 ** 50, 6);
  updateEma(params, params, 0.9);
  expect(params.w.readSync()[0]).toBe(3);
});
