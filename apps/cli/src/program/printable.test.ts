import { expect, it } from "vitest";
import { printable } from "./printable.ts";

it("shows what would move the cursor, and cuts what would fill the terminal", () => {
  expect(printable("cat\u001b[2J\n")).toBe("cat\\u001b[2J\\u000a");
  expect(printable("é日".repeat(500))).toBe("é日".repeat(500));
  expect(printable("x".repeat(1_000_000))).toBe(`${"x".repeat(1000)}… (1000000 characters)`);
});
