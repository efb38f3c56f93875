import { describe, expect, it } from "vitest";
import { linear } from "../../ops/linear.ts";
import { createRng } from "../../random.ts";
import { scope } from "../../scope.ts";
import { tensor } from "../../tensor.ts";
import { createSimdBackend } from "./index.ts";
import { race, RACE_BYTES, type Contestant } from "./race.ts";

/** Its products take `time` milliseconds of a clock that stands still otherwise, and fill C with `value`. */
function contestant(clock: { now: number }, time: number, value: number): Contestant {
  const memory = { buffer: new ArrayBuffer(RACE_BYTES) };
  const gemmPrepared = (...values: number[]): number => {
    const [, , , , , c, , M, N] = values;
    new Float32Array(memory.buffer, c, M * N).fill(value);
    clock.now += time;
    return 0;
  };
  return { memory, exports: { gemmPanelBytes: (N, K) => N * K * 4, gemmPanels: () => 0, gemmPrepared } };
}

describe("race", () => {
  it("tells how many times faster the second is", () => {
    const clock = { now: 0 };
    const ratioOf = (first: number, second: number) =>
      race(contestant(clock, first, 1), contestant(clock, second, 1), () => clock.now);
    expect(ratioOf(3, 2)).toBeCloseTo(1.5, 9);
    expect(ratioOf(0.02, 0.04)).toBeCloseTo(0.5, 9);
  });

  it("is lost by other results, however fast", () => {
    const clock = { now: 0 };
    expect(race(contestant(clock, 3, 1), contestant(clock, 1, 2), () => clock.now)).toBe(0);
  });
});

describe("the wide build", () => {
  it("has the bits of relaxed", async () => {
    const rng = createRng({ seed: 8 });
    for (const [M, N, K] of [
      [5, 7, 3],
      [37, 40, 301],
      [16, 16, 16],
      [197, 65, 64],
    ]) {
      const x = Float32Array.from({ length: M * K }, () => rng.uniform() - 0.5);
      const weight = Float32Array.from({ length: N * K }, () => rng.uniform() - 0.5);
      const [relaxed, wide] = await Promise.all(
        (["relaxed", "wide"] as const).map(async (build) => {
          const backend = await createSimdBackend({ build, threads: 2, v8Flags: true });
          const y = scope(backend, () =>
            linear(tensor(x, [M, K], backend), { weight: tensor(weight, [N, K], backend) }).readSync(),
          );
          expect(backend).toMatchObject({ build, reasons: { build: "asked for" } });
          backend.dispose();
          return y;
        }),
      );
      expect(wide).toEqual(relaxed);
    }
  });
});
