import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createAllocator } from "./allocator.ts";

describe("allocator", () => {
  it("never overlaps, aligns to 64, and gives everything back", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.boolean()), { maxLength: 200 }),
        (requests) => {
          const allocator = createAllocator(1000, () => true);
          const live = new Map<number, number>();
          for (const [bytes, drop] of requests) {
            const [oldest] = live.keys();
            if (drop && oldest !== undefined) {
              allocator.free(oldest);
              live.delete(oldest);
              continue;
            }
            const address = allocator.allocate(bytes);
            expect(address % 64).toBe(0);
            expect(address).toBeGreaterThanOrEqual(1000);
            for (const [other, size] of live) expect(address + bytes <= other || other + size <= address).toBe(true);
            live.set(address, bytes);
          }
          for (const address of live.keys()) allocator.free(address);
          expect(allocator.live).toBe(0);
          expect(allocator.allocate(64)).toBe(1024);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("repeats addresses for a repeated sequence", () => {
    const allocator = createAllocator(0, () => true);
    const step = (): number[] => {
      const addresses = [100, 3000, 64, 900].map((bytes) => allocator.allocate(bytes));
      for (const address of addresses) allocator.free(address);
      return addresses;
    };
    expect(step()).toEqual(step());
  });

  it("says what was in use when memory ends", () => {
    const allocator = createAllocator(0, (end) => end <= 2 ** 20);
    allocator.allocate(2 ** 19);
    expect(() => allocator.allocate(2 ** 20)).toThrow(
      /^\[simd\] out of memory: 0\.5 MiB in use, 1\.0 MiB more asked for; a smaller batch.* scope\(backend, body\) or dispose\(\)$/,
    );
    expect(() => allocator.free(7)).toThrow("[simd] expected an allocated address, got 7");
  });
});
