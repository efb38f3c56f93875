// SHA-256 against Node's, at every length around block borders and over random chunkings, and of whole sources.
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { bytesSource, createSha256, hashSource } from "./index.ts";

const native = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const noise = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);

it("equals Node's at every length up to five blocks", () => {
  for (let length = 0; length <= 320; length++) {
    const bytes = noise(length);
    const hash = createSha256();
    hash.update(bytes);
    expect(hash.digest(), `length ${length}`).toBe(native(bytes));
  }
});

it("gives the same digest for any cutting into pieces", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 12 }), (pieces) => {
      const hash = createSha256();
      for (const piece of pieces) hash.update(piece);
      expect(hash.digest()).toBe(native(Buffer.concat(pieces)));
    }),
    { seed: 1, numRuns: 300 },
  );
});

it("goes on after a digest, and hashes do not share state", () => {
  const [a, b] = [createSha256(), createSha256()];
  a.update(noise(70));
  b.update(noise(3));
  expect(a.digest()).toBe(native(noise(70)));
  expect(a.digest()).toBe(native(noise(70)));
  a.update(noise(60));
  expect(a.digest()).toBe(native(Buffer.concat([noise(70), noise(60)])));
  expect(b.digest()).toBe(native(noise(3)));
});

it("hashes a source in pieces, tells how far it is, and stops when asked to", async () => {
  const bytes = noise((4 << 20) + 100);
  const seen: [number, number][] = [];
  const source = bytesSource(bytes);
  expect(await hashSource(source, { onProgress: (loaded, total) => seen.push([loaded, total]) })).toBe(native(bytes));
  expect(seen).toEqual([
    [4 << 20, bytes.length],
    [bytes.length, bytes.length],
  ]);
  expect(await hashSource(bytesSource(new Uint8Array(0)))).toBe(native(new Uint8Array(0)));
  const stop = new AbortController();
  const hashing = hashSource(source, { signal: stop.signal, onProgress: () => stop.abort(new Error("enough")) });
  await expect(hashing).rejects.toThrow("enough");
});
