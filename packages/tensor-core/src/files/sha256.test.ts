// SHA-256 against Node's, with it and without, at every length around block borders and over random chunkings, and of whole sources.
import { createHash, webcrypto } from "node:crypto";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { bytesSource, createSha256, hashSource } from "./index.ts";
import { createPortableSha256 } from "./sha256-portable.ts";

const native = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const noise = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);

const withoutNode = (): void =>
  void vi.stubGlobal("process", Object.create(process, { versions: { value: {} } }) as typeof process);
const withoutCrypto = (): void => {
  withoutNode();
  vi.stubGlobal("crypto", {});
};
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

// In Node the first is Node's own.
describe.each([createSha256, createPortableSha256])("%o", (create) => {
  it("equals Node's at every length up to five blocks", () => {
    for (let length = 0; length <= 320; length++) {
      const bytes = noise(length);
      const hash = create();
      hash.update(bytes);
      expect(hash.digest(), `length ${length}`).toBe(native(bytes));
    }
  });

  it("gives the same digest for any cutting into pieces", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 12 }), (pieces) => {
        const hash = create();
        for (const piece of pieces) hash.update(piece);
        expect(hash.digest()).toBe(native(Buffer.concat(pieces)));
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it("goes on after a digest, and hashes do not share state", () => {
    const [a, b] = [create(), create()];
    a.update(noise(70));
    b.update(noise(3));
    expect(a.digest()).toBe(native(noise(70)));
    expect(a.digest()).toBe(native(noise(70)));
    a.update(noise(60));
    expect(a.digest()).toBe(native(Buffer.concat([noise(70), noise(60)])));
    expect(b.digest()).toBe(native(noise(3)));
  });
});

describe.each([
  ["Node", 0, () => {}],
  ["a browser", 1, withoutNode],
  ["a page without https", 0, withoutCrypto],
] as const)("in %s", (_, digestsOfBrowser, prepare) => {
  beforeEach(prepare);

  it("hashes a source in pieces, tells how far it is, and stops when asked to", async () => {
    const bytes = noise((4 << 20) + 100);
    const seen: [number, number][] = [];
    const source = bytesSource(bytes);
    const digest = vi.spyOn(webcrypto.subtle, "digest");
    expect(await hashSource(source, { onProgress: (loaded, total) => seen.push([loaded, total]) })).toBe(native(bytes));
    expect(digest).toHaveBeenCalledTimes(digestsOfBrowser);
    expect(seen).toEqual([
      [4 << 20, bytes.length],
      [bytes.length, bytes.length],
    ]);
    expect(await hashSource(bytesSource(new Uint8Array(0)))).toBe(native(new Uint8Array(0)));
    const stop = new AbortController();
    const hashing = hashSource(source, { signal: stop.signal, onProgress: () => stop.abort(new Error("enough")) });
    await expect(hashing).rejects.toThrow("enough");
  });
});
