import { describe, expect, it } from "vitest";
import { createAllocator } from "./allocator.ts";
import { createPreparedForms } from "./prepared.ts";

describe("createPreparedForms", () => {
  it("prepares a form once, and again when the tensor was written to", () => {
    const allocator = createAllocator(64, () => true);
    const forms = createPreparedForms(allocator);
    const filled: number[] = [];
    const find = (version: number, form = "packed", bytes = 256, tensor = 1024) =>
      forms.find({ address: tensor, version }, form, bytes, (address) => void filled.push(address));
    const first = find(0);
    expect(find(0)).toBe(first);
    expect(filled).toEqual([first]);
    expect(find(1)).toBe(first);
    expect(filled).toEqual([first, first]);
    const other = find(1, "transformed");
    expect(other).not.toBe(first);
    expect(find(1, "packed", 256, 2048)).not.toBe(first);
    expect(forms.count).toBe(3);
    expect(find(1, "packed", 512)).not.toBe(other);
    expect(forms.count).toBe(3);
    forms.free(1024);
    expect(forms.count).toBe(1);
    forms.free(1024);
    forms.free(2048);
    expect([forms.count, allocator.blocks, allocator.live]).toEqual([0, 0, 0]);
  });
});
