// What a caller says and learns of the webgpu backend, in plain types: they must read without WebGPU's own.
import type { Backend } from "../../backend.ts";

/** The entry to WebGPU: `navigator.gpu` in browsers, `create([])` of the npm package `webgpu` in Node. */
export type GpuEntry = { requestAdapter(options?: object): Promise<unknown> };

export type WebgpuOptions = {
  /** Default: `navigator.gpu`; in Node the npm package `webgpu`, which must be installed. */
  readonly gpu?: GpuEntry;
  /** Take an adapter that runs on the processor. Off by default: it is slower than the simd backend. */
  readonly allowSoftware?: boolean;
  /** Which adapter of several; default `high-performance`. */
  readonly powerPreference?: "high-performance" | "low-power";
  /**
   * What products of matrices and convolutions multiply: `float32` (the default), or with `mixed` factors rounded to f16, on
   * matrix units where the adapter has them, and activations between products stored in f16. Sums, and all other arithmetic, are f32 in
   * any case; gradients want a loss scale.
   */
  readonly precision?: WebgpuPrecision;
  /** Flags of Dawn where Node creates the entry, in place of `dawnFlags`. */
  readonly dawnFlags?: readonly string[];
  /** Most memory of tensors, in bytes; by default what the device gives. */
  readonly maximumBytes?: number;
};

export type WebgpuPrecision = "float32" | "mixed";

/** What an adapter has for products: units for f16 matrices of 16 x 16, f16 arithmetic, or f32 only. */
export type WebgpuTier = "matrix" | "f16" | "float32";

/** How products are computed: f16 factors on matrix units, f16 factors in registers and f32, or f32 factors. */
export type WebgpuProducts = "matrix" | "half" | "float32";

export type WebgpuDescription = {
  /** Vendor, architecture, device and driver in words, as far as the adapter tells. */
  readonly adapter: string;
  readonly software: boolean;
  readonly tier: WebgpuTier;
  /** All features of the adapter, sorted. */
  readonly features: readonly string[];
  /** The limits that bound models and kernels, in bytes or counts. */
  readonly limits: Readonly<Record<string, number>>;
};

export interface WebgpuBackend extends Backend, Omit<WebgpuDescription, "limits"> {
  readonly limits: WebgpuDescription["limits"];
  readonly precision: WebgpuPrecision;
  readonly products: WebgpuProducts;
}
