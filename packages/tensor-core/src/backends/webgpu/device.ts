// The adapter and the device: features and limits are asked for by name, a software adapter is taken only on request, and
// what goes wrong on the device (validation, memory, loss) is kept until somebody waits for it.
// Kept in what is published: without it the types of a GPU are found only where something else names them.
/// <reference types="@webgpu/types" preserve="true" />
import { freeMemoryAdvice } from "../advice.ts";
import type { GpuEntry, WebgpuDescription, WebgpuOptions, WebgpuTier } from "./options.ts";

/**
 * Flags with which Node creates Dawn: f16 on NVIDIA and matrix units are behind toggles, and the OpenGL backend would hide
 * Vulkan. Dawn accepts unknown names in silence, so features are read from the adapter, never assumed.
 */
export const dawnFlags: readonly string[] = [
  "enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia",
  "disable-dawn-features=timestamp_quantization",
];

const matrixFeature = "chromium-experimental-subgroup-matrix";
const wantedFeatures = ["shader-f16", "subgroups", "timestamp-query", matrixFeature];

/** Two tiles of f16 and eight matrices of results. */
const MATRIX_STORAGE_BYTES = 2 * 16 * (128 + 8) * 2 + 8 * 256 * 4;

/** Limits that a device does not have unless they are asked for. */
const wantedLimits = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

/** An entry in Node. It keeps the process alive, and its devices need it: it stays until some time after its last user. */
type SharedEntry = { readonly gpu: Promise<GpuEntry>; users: number };

const sharedEntries = new Map<string, SharedEntry>();
// Dawn's threads may still be at work for a moment; an entry collected under them ends the process.
const LINGER_MS = 100;

export type WebgpuDevice = {
  readonly device: GPUDevice;
  readonly description: WebgpuDescription;
  /** Throws what has gone wrong since the last call, with what the device said. */
  assertHealthy(): void;
  destroy(): void;
};

/** The adapter that `options` mean. `release` when it and its device are done with. */
export async function requestAdapter(
  caller: string,
  options: WebgpuOptions,
): Promise<{ readonly adapter: GPUAdapter; readonly release: () => void }> {
  const { entry, release } = await acquireEntry(caller, options);
  try {
    const { powerPreference = "high-performance" } = options;
    const adapter = (await entry.requestAdapter({ powerPreference })) as GPUAdapter | null;
    if (adapter) return { adapter, release };
    throw new Error(`[${caller}] expected a WebGPU adapter, got none: is a driver (Vulkan in Node) installed?`);
  } catch (error) {
    release();
    throw error;
  }
}

/** The device of `options`, with every wanted feature and limit that its adapter has. */
export async function requestDevice(options: WebgpuOptions): Promise<WebgpuDevice> {
  const { adapter, release } = await requestAdapter("createWebgpuBackend", options);
  try {
    const description = describeAdapter(adapter);
    if (description.software && !options.allowSoftware) {
      throw new Error(
        `[createWebgpuBackend] expected a GPU, got the software adapter ${description.adapter}; ` +
          "pass allowSoftware: true to run on the processor all the same",
      );
    }
    const device = await adapter.requestDevice({
      requiredFeatures: wantedFeatures.filter((name) => adapter.features.has(name)) as GPUFeatureName[],
      requiredLimits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
    });
    const destroy = (): void => {
      device.destroy();
      release();
    };
    return { device, description, assertHealthy: watch(device), destroy };
  } catch (error) {
    release();
    throw error;
  }
}

/** What an adapter is and has. */
export function describeAdapter(adapter: GPUAdapter): WebgpuDescription {
  const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
  const words = [vendor, architecture, device, description].filter((word) => word !== "");
  return {
    adapter: words.length > 0 ? [...new Set(words)].join(" ") : "an adapter that does not tell its name",
    // Mesa's software driver is no fallback adapter in Dawn's eyes.
    software: isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(words.join(" ")),
    tier: tierOf(adapter),
    features: [...adapter.features].sort(),
    limits: Object.fromEntries(wantedLimits.map((name) => [name, adapter.limits[name]])),
  };
}

function tierOf(adapter: GPUAdapter): WebgpuTier {
  if (!adapter.features.has("shader-f16")) return "float32";
  return hasMatrices(adapter) ? "matrix" : "f16";
}

type MatrixConfig = {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly componentType: string;
  readonly resultComponentType: string;
};

// What shaders/include/matrix-tiles.wgsl is written for.
function hasMatrices({ features, info, limits }: GPUAdapter): boolean {
  if (!features.has(matrixFeature) || !features.has("subgroups")) return false;
  const { subgroupMatrixConfigs = [] } = info as { readonly subgroupMatrixConfigs?: readonly MatrixConfig[] };
  return (
    [...subgroupMatrixConfigs].some(
      ({ M, N, K, componentType, resultComponentType }) =>
        [M, N, K].every((side) => side === 16) && componentType === "f16" && resultComponentType === "f32",
    ) &&
    info.subgroupMinSize === 32 &&
    info.subgroupMaxSize === 32 &&
    limits.maxComputeWorkgroupStorageSize >= MATRIX_STORAGE_BYTES
  );
}

type Host = {
  readonly navigator?: { readonly gpu?: GpuEntry };
  readonly process?: { readonly platform?: string };
  setTimeout(run: () => void, milliseconds: number): unknown;
};
const host = globalThis as unknown as Host;

function watch(device: GPUDevice): () => void {
  const errors: string[] = [];
  let lost: string | undefined;
  device.addEventListener("uncapturederror", ({ error: { message } }) => {
    errors.push(/out of memory/i.test(message) ? `${message}; ${freeMemoryAdvice}` : message);
  });
  void device.lost.then(({ reason, message }) => {
    lost = `[webgpu] the device was lost (${reason}): ${message || "no message"}. Its tensors are gone: make a new backend and go on from the last checkpoint`;
  });
  return () => {
    if (lost !== undefined) throw new Error(lost);
    if (errors.length > 0) throw new Error(`[webgpu] ${errors.splice(0).join("; ")}`);
  };
}

async function acquireEntry(
  caller: string,
  { gpu, dawnFlags: flags = dawnFlags }: WebgpuOptions,
): Promise<{ readonly entry: GpuEntry; readonly release: () => void }> {
  const given = gpu ?? host.navigator?.gpu;
  if (given) return { entry: given, release: () => undefined };
  const key = flags.join(" ");
  const shared = sharedEntries.get(key) ?? { gpu: createEntry(caller, flags), users: 0 };
  sharedEntries.set(key, shared);
  shared.users++;
  let released = false;
  const forget = (): void => {
    if (shared.users === 0 && sharedEntries.get(key) === shared) sharedEntries.delete(key);
  };
  const release = (): void => {
    if (released) return;
    released = true;
    shared.users--;
    host.setTimeout(forget, LINGER_MS);
  };
  try {
    return { entry: await shared.gpu, release };
  } catch (error) {
    release();
    forget();
    throw error;
  }
}

async function createEntry(caller: string, flags: readonly string[]): Promise<GpuEntry> {
  // A variable, so that bundlers for browsers do not look for the package.
  const name: string = "webgpu";
  try {
    const { create, globals } = (await import(/* @vite-ignore */ name)) as {
      create(flags: readonly string[]): GpuEntry;
      globals: object;
    };
    Object.assign(globalThis, globals);
    return create([...flags, ...(host.process?.platform === "linux" ? ["backend=vulkan"] : [])]);
  } catch (error) {
    throw new Error(
      `[${caller}] expected navigator.gpu or, in Node, the package webgpu (npm install webgpu), got neither`,
      { cause: error },
    );
  }
}
