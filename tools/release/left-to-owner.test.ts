import { expect, it } from "vitest";
import { leftToOwner } from "./left-to-owner.ts";

const complete = {
  name: "@beitjs/masking",
  repository: { url: "git+https://example.org/beitjs.git" },
  bugs: "https://example.org/beitjs/issues",
};
const policy = "Write to security@example.org.";
const seen = (...given: Parameters<typeof leftToOwner>): readonly string[] =>
  leftToOwner(...given).filter((text) => !/^(?:npm|GitHub): /.test(text));

it("names every package that lacks an address", () => {
  const bare = [{ name: "@beitjs/cli" }, { name: "@beitjs/onnx", repository: {} }];
  expect(seen([...bare, complete], policy)).toEqual([
    "package.json: `repository`, which provenance is checked against, of @beitjs/cli, @beitjs/onnx",
    "package.json: `bugs`, where users report, of @beitjs/cli, @beitjs/onnx",
  ]);
});

it("asks for an address of the security policy", () => {
  expect(seen([complete], "Report it privately.")).toEqual([
    "SECURITY.md: an address for those who have no account on GitHub",
  ]);
});

it("has nothing more to say of complete files, but of accounts", () => {
  expect(seen([complete], policy)).toEqual([]);
  expect(leftToOwner([complete], policy).join("\n")).toMatch(/organization `beitjs`[^]*NPM_TOKEN[^]*vulnerability/);
});
