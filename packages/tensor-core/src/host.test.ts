// A Node that is too old is told so by the first thing that needs it, with both versions.
import { afterEach, expect, it, vi } from "vitest";
import { createSimdBackend } from "./backends/simd/index.ts";
import { openFile } from "./files/node.ts";
import { nodeModule } from "./host.ts";

afterEach(() => void vi.unstubAllGlobals());

const old = (): void => void vi.stubGlobal("process", { versions: { node: "18.20.8" }, arch: "x64" });

it("gives Node's modules", async () => {
  const { availableParallelism } = await import("node:os");
  expect(nodeModule("node:os").availableParallelism).toBe(availableParallelism);
});

it.each([
  ["createSimdBackend", () => createSimdBackend(), "node:os"],
  ["openFile", () => openFile("model.safetensors"), "node:fs/promises"],
])("%s says which Node it needs", async (_, call, name) => {
  old();
  await expect(call()).rejects.toThrow(`[beitjs] expected Node 20.19 or newer for ${name}, got Node 18.20.8`);
});

it("is not asked outside of Node", () => {
  vi.stubGlobal("process", undefined);
  expect(() => nodeModule("node:os")).toThrow(
    "[beitjs] expected Node 20.19 or newer for node:os, got a host that is not",
  );
});
