import { expect, it } from "vitest";
import { readBmp } from "./read-bmp.ts";

it("says of a header that is cut off, whatever size it claims, that it ends", () => {
  for (const size of [12, 16, 20, 40, 124]) {
    for (let length = 14; length < 54; length++) {
      const bytes = new Uint8Array(length);
      if (length >= 18) new DataView(bytes.buffer).setUint32(14, size, true);
      expect(() => readBmp(bytes), `${size} in ${length}`).toThrow(/ends|size|bits/);
      expect(() => readBmp(bytes), `${size} in ${length}`).not.toThrow(RangeError);
    }
  }
});
