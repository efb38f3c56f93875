// The loss scale of backends whose products round to f16: gradients that overflow are made again, and the update is that of
// the unscaled gradient.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tensor, zeros, type Backend, type Tensor } from "@beitjs/tensor-core";
import { meanSquaredError, scaleShift } from "@beitjs/tensor-core/ops";
import { createSimdBackend, type SimdBackend } from "@beitjs/tensor-core/simd";
import { decodeCheckpoint, encodeCheckpoint, restoreState } from "./checkpoint.ts";
import { adamWDefaults } from "./optimizer/adamw.ts";
import { initTrainingState, NonFiniteError, update, type TrainingState, type UpdateReport } from "./update.ts";

type Params = { readonly x: Tensor };
const options = {
  learningRate: 0.1,
  adamW: { ...adamWDefaults, clipNorm: 0.25 },
  rateScales: [1],
  decayScales: [1],
};
// On the way back a gradient is multiplied by this before it is divided by it. The largest is 2 / 4 * 0.75 of it, so float32 has
// room for a loss scale of 2^10.
const hill = 2 ** 119;
const fitting = 2 ** 10;

describe("update", () => {
  let simd: SimdBackend;
  let half: Backend;
  beforeAll(async () => {
    simd = await createSimdBackend({ threads: 1 });
    half = Object.assign(Object.create(simd) as Backend, { halfProducts: true });
  });
  afterAll(() => simd.dispose());

  const start = (backend: Backend): TrainingState<Params> =>
    initTrainingState({ x: tensor([1, -0.5, 0.25, 0.75], [4], backend) });
  const step = (state: TrainingState<Params>, factor = hill): Promise<UpdateReport> => {
    const objective = ({ x }: Params): { loss: Tensor } => {
      const y = scaleShift(scaleShift(x, { scale: 1 / factor }), { scale: factor });
      return { loss: meanSquaredError(y, zeros([4], x.backend)) };
    };
    return update(
      state,
      [0.25, 0.75].map((share) => ({ share, objective })),
      options,
    );
  };

  it("has no loss scale on other backends", () => {
    expect(start(simd).lossScale).toBeUndefined();
    expect(start(half).lossScale).toEqual({ scale: 2 ** 16, steps: 0 });
  });

  it("halves the scale until gradients are finite, and updates as without a scale", async () => {
    const [plain, scaled] = [start(simd), start(half)];
    for (const steps of [1, 2, 3]) {
      const [expected, got] = [await step(plain), await step(scaled)];
      expect(got).toEqual(expected);
      expect(await scaled.params.x.read()).toEqual(await plain.params.x.read());
      expect(scaled.step).toBe(steps);
      expect(scaled.lossScale).toEqual({ scale: fitting, steps });
    }
  });

  it("stops where the scale is not to blame, and changes nothing", async () => {
    const state = start(half);
    const failure = step(state, 2 ** 126 * 8);
    await expect(failure).rejects.toThrow(NonFiniteError);
    expect([...(await state.params.x.read())]).toEqual([1, -0.5, 0.25, 0.75]);
    expect(state.step).toBe(0);
  });

  it("goes on from a checkpoint with the scale it had", async () => {
    const state = start(half);
    await step(state);
    const info = { stage: "pretrain", model: {}, recipe: {}, step: 1, position: { epoch: 0, batch: 1 } } as const;
    const checkpoint = await decodeCheckpoint(await encodeCheckpoint(state, info));
    const [onHalf, onSimd] = [start(half), start(simd)];
    restoreState(onHalf, checkpoint);
    restoreState(onSimd, checkpoint);
    expect(onHalf.lossScale).toEqual({ scale: fitting, steps: 1 });
    expect(onSimd.lossScale).toBeUndefined();
    await step(onSimd);
    await step(onHalf);
    expect(await onHalf.params.x.read()).toEqual(await onSimd.params.x.read());
  });
});
