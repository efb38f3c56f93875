// Damage that knows no format: bits, bytes and numbers changed, ranges cut, repeated, moved and taken from elsewhere.
import type { Rng } from "../../packages/tensor-core/src/random.ts";

export const pick = <T>(items: ReadonlyArray<T>, rng: Rng): T => items[rng.integer(items.length)] as T;

/** Where integers of files break: borders of signed and unsigned sizes. */
export const extremes: ReadonlyArray<bigint> = [8n, 16n, 31n, 32n, 53n, 63n, 64n]
  .flatMap((bits) => [(1n << bits) - 1n, 1n << bits, (1n << bits) + 1n])
  .concat([0n, 1n, 2n, 100n]);

export function concat(...parts: ReadonlyArray<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

export function little(value: bigint | number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));
}

/** Changes bytes and keeps the length. */
export function overwrite(rng: Rng, bytes: Uint8Array, pieces: ReadonlyArray<Uint8Array>): void {
  if (bytes.length === 0) return;
  const at = rng.integer(bytes.length);
  const room = bytes.length - at;
  const length = Math.min(1 + rng.integer(32), room);
  const change: ReadonlyArray<() => void> = [
    () => void (bytes[at] = (bytes[at] as number) ^ (1 << rng.integer(8))),
    () => void (bytes[at] = rng.integer(256)),
    () => bytes.set(pick(pieces, rng).subarray(0, room), at),
    () => void bytes.copyWithin(at, rng.integer(bytes.length - length + 1), at + length),
    () => bytes.set(little(pick(extremes, rng), pick([1, 2, 4, 8], rng)).subarray(0, room), at),
  ];
  pick(change, rng)();
}

/** Puts a piece in, cuts or repeats a range, cuts the end off, appends, or goes on as another file. */
export function resize(rng: Rng, bytes: Uint8Array, pieces: ReadonlyArray<Uint8Array>, other: Uint8Array): Uint8Array {
  const at = rng.integer(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + rng.integer(rng.integer(2) === 0 ? 8 : 200));
  const change: ReadonlyArray<() => Uint8Array> = [
    () => bytes.slice(0, at),
    () => concat(bytes.subarray(0, at), pick(pieces, rng), bytes.subarray(at)),
    () => concat(bytes.subarray(0, end), bytes.subarray(at)),
    () => concat(bytes.subarray(0, at), bytes.subarray(end)),
    () =>
      concat(
        bytes,
        Uint8Array.from({ length: 1 + rng.integer(16) }, () => rng.integer(256)),
      ),
    () => concat(bytes.subarray(0, at), other.subarray(Math.min(at, other.length))),
  ];
  return pick(change, rng)();
}
