// On what a step is made again: the backend of the run and its products, or the one that is named.
import { expect, it } from "vitest";
import type { BackendFlags } from "../backends/flags.ts";
import { backendOf } from "./replay.ts";

const flags: BackendFlags = { backend: "auto", softwareGpu: false, mixed: false, threads: undefined };
const mixed = { backend: { name: "webgpu", mixed: true, reason: "a GPU" } };

it("is that of the run, with products of f16 factors where it had them", () => {
  expect(backendOf(flags, mixed)).toEqual({ ...flags, backend: "webgpu", mixed: true });
  expect(backendOf(flags, { backend: { name: "webgpu", reason: "a GPU" } })).toEqual({ ...flags, backend: "webgpu" });
  expect(backendOf(flags, {})).toEqual(flags);
});

it("is the one that a flag names, as the flags have it", () => {
  expect(backendOf({ ...flags, backend: "simd" }, mixed)).toEqual({ ...flags, backend: "simd" });
  expect(backendOf({ ...flags, backend: "webgpu" }, mixed)).toEqual({ ...flags, backend: "webgpu" });
  expect(backendOf({ ...flags, mixed: true }, { backend: { name: "webgpu", reason: "a GPU" } }).mixed).toBe(true);
});
