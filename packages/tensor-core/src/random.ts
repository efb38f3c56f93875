// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
// A stream is addressed by (seed, stream, epoch, index); any number in it is computed without the ones before it,
// so a resumed run, another thread or a WebAssembly kernel draws the very same values.

/** Address of a random stream. Every part is an unsigned integer; `seed` may use 53 bits, the others 32. */
export type RngAddress = {
  readonly seed: number;
  readonly stream?: number;
  readonly epoch?: number;
  readonly index?: number;
};

export interface Rng {
  readonly address: Required<RngAddress>;
  /** How many 32-bit words have been drawn. */
  readonly drawn: number;
  /** Next word, an integer in [0, 2^32). */
  uint32(): number;
  /** Uniform in [0, 1): one word times 2^-32. */
  uniform(): number;
  /** Uniform integer in [0, bound): floor(uniform * bound). */
  integer(bound: number): number;
  /** Standard normal by Box-Muller, two words a draw (the second value of the pair is not kept). */
  normal(): number;
  /** Another stream of the same seed; parts left out are inherited. Its counter starts at zero. */
  fork(address: Omit<RngAddress, "seed">): Rng;
}

/** Streams in use, so that no two purposes share numbers. */
export const streams = {
  parameters: 1,
  shuffle: 2,
  views: 3,
  mask: 4,
  dropPath: 5,
  gumbel: 6,
  split: 7,
  mix: 8,
  user: 1000,
} as const;

/** A random stream from a seed or a full address. Same address, same numbers, everywhere. */
export function createRng(seed: number | RngAddress): Rng {
  const { seed: value, stream = 0, epoch = 0, index = 0 } = typeof seed === "number" ? { seed } : seed;
  checkPart("seed", value, Number.MAX_SAFE_INTEGER);
  for (const [name, part] of Object.entries({ stream, epoch, index })) checkPart(name, part, 0xffffffff);
  const block = new Uint32Array(4);
  let drawn = 0;
  const rng: Rng = {
    address: { seed: value, stream, epoch, index },
    get drawn() {
      return drawn;
    },
    uint32() {
      if ((drawn & 3) === 0)
        philox(block, Math.floor(drawn / 4), index, epoch, stream, value >>> 0, (value / 2 ** 32) >>> 0);
      return block[drawn++ & 3];
    },
    uniform: () => rng.uint32() * 2 ** -32,
    integer: (bound) => Math.floor(rng.uniform() * bound),
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - rng.uniform()));
      return radius * Math.cos(2 * Math.PI * rng.uniform());
    },
    fork: (address) => createRng({ seed: value, stream, epoch, index, ...address }),
  };
  return rng;
}

/** A permutation of 0..length-1 (Fisher-Yates, from the last place down). */
export function permutation(length: number, rng: Rng): Uint32Array {
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = rng.integer(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** One block of Philox4x32-10: counter (c0, c1, c2, c3) and key (k0, k1) to four words, written to `out`. */
export function philox(out: Uint32Array, c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(0xd2511f53, c0);
    const low0 = Math.imul(0xd2511f53, c0);
    const high1 = multiplyHigh(0xcd9e8d57, c2);
    const low1 = Math.imul(0xcd9e8d57, c2);
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1 >>> 0;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0 >>> 0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

// Upper half of a 32 x 32 bit product, from 16-bit halves: every partial sum fits 32 bits, so integer instructions do.
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) >>> 0;
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) >>> 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) >>> 0;
}

function checkPart(name: string, value: number, limit: number): void {
  if (!Number.isInteger(value) || value < 0 || value > limit) {
    throw new RangeError(`[createRng] expected ${name} to be an integer in [0, ${limit}], got ${value}`);
  }
}
