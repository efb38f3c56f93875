// Whether V8 gains from panels of 16 columns cannot be told from its version: it depends on the processor and on a flag
// that may have no effect. So both widths run the same small product for some milliseconds, and the faster one is taken.
import type { Kernels } from "../../generated/kernels.ts";

/** An instance of the kernels over a memory of RACE_BYTES of its own. */
export type Contestant = {
  readonly exports: Pick<Kernels, "gemmPanelBytes" | "gemmPanels" | "gemmPrepared">;
  readonly memory: { readonly buffer: ArrayBuffer };
};

export const RACE_BYTES = 2 ** 21;

// Until the optimizing compiler has been at work, which takes V8 some milliseconds in the background.
const MILLISECONDS = 40;
const ROUNDS = 30;
const [M, N, K] = [64, 128, 256];

/**
 * How many times faster the second contestant multiplies matrices than the first, best time against best; 0 if their
 * results are not the same to the bit.
 */
export function race(first: Contestant, second: Contestant, elapsed: () => number): number {
  const runners = [prepare(first), prepare(second)];
  const best = [Infinity, Infinity];
  const end = elapsed() + MILLISECONDS;
  for (let round = 0; round < ROUNDS || elapsed() < end; round++) {
    runners.forEach(({ run }, i) => {
      const start = elapsed();
      run();
      best[i] = Math.min(best[i], elapsed() - start);
    });
  }
  const [one, other] = runners.map(({ result }) => result);
  return one.every((bits, i) => bits === other[i]) ? best[0] / best[1] : 0;
}

function prepare({ exports, memory: { buffer } }: Contestant): { run(): void; readonly result: Int32Array } {
  const a = 1024;
  const b = a + M * K * 4;
  const c = b + K * N * 4;
  const panels = c + M * N * 4;
  const scratch = panels + exports.gemmPanelBytes(N, K);
  const factors = new Float32Array(buffer, a, M * K + K * N);
  for (let i = 0; i < factors.length; i++) factors[i] = ((i * 37) % 101) / 64 - 0.75;
  exports.gemmPanels(b, N, 1, panels, N, K, 0, N, 0);
  return {
    run: () => exports.gemmPrepared(a, K, 1, 0, panels, c, N, M, N, K, 0, 0, scratch, 0, 0, M, 0),
    result: new Int32Array(buffer, c, M * N),
  };
}
