import { describe, expect, it } from "vitest";
import { firstOf } from "./index.ts";

describe("firstOf", () => {
  it("names all of a few, as they are", () => {
    expect(firstOf([])).toBe("");
    expect(firstOf(["a", "b"])).toBe("a, b");
    const ten = Array.from({ length: 10 }, (_, i) => `${i}`);
    expect(firstOf(ten, "; ")).toBe(ten.join("; "));
  });

  it("stays below 2 kB, however many and long they are", () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `${i}`.padEnd(1000, "x"));
    expect(firstOf(names).length).toBeLessThan(2000);
    expect(firstOf(names)).toMatch(/^0x+…, 1x+…,.*, and 99990 more$/);
  });
});
