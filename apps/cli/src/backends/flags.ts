// The flags that say where to compute.
import type { SimdPrecision } from "@beitjs/tensor-core/simd";
import { choice, integer, toggle } from "../program/command.ts";

const tfjsBackends = ["tfjs-wasm", "tfjs-cpu", "tensorflow", "tensorflow-gpu"] as const;
export type TfjsName = (typeof tfjsBackends)[number];

const backendNames = ["auto", "simd", "webgpu", ...tfjsBackends, "reference"] as const;

export const backendFlags = {
  backend: choice(backendNames, "where to compute; auto: a GPU where there is one, else simd", "auto"),
  softwareGpu: toggle("let webgpu run on a driver that computes on the processor: for tests, very slow"),
  mixed: toggle("with webgpu: products of f16 factors, on matrix units where there are any, and a scaled loss"),
  threads: integer("count", "threads of simd (default: all processors)", 1),
};

// Said once more: help would load the backend to read them there.
const precisions = ["float32", "int16", "int8"] as const satisfies readonly SimdPrecision[];

/** For commands that train nothing. */
export const inferenceFlags = {
  ...backendFlags,
  precision: choice(
    precisions,
    "how layers of simd multiply: whole numbers of 16 or 8 bits take less memory and are less exact",
    "float32",
  ),
};

export type BackendFlags = {
  readonly backend: (typeof backendNames)[number];
  readonly softwareGpu: boolean;
  readonly mixed: boolean;
  readonly threads: number | undefined;
  readonly precision?: SimdPrecision;
};
