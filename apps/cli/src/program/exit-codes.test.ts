import { describe, expect, it } from "vitest";
import { messageOf } from "./exit-codes.ts";

describe("messageOf", () => {
  it("is one line without the function in front", () => {
    expect(messageOf(new Error("[openBeit] expected one\n  thing, got two"))).toBe("expected one thing, got two");
    expect(messageOf("plain")).toBe("plain");
  });

  it("stays below 4 kB, whatever a file said", () => {
    const message = messageOf(new Error(`expected x, got ${"é".repeat(100_000)}`));
    expect(new TextEncoder().encode(message).length).toBeLessThan(4096);
    expect(message).toMatch(/é… \(100016 characters\)$/);
  });
});
