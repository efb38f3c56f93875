// A GPU that computes nothing, for tests of what the host does around it.
import type { GpuEntry } from "../backends/webgpu/options.ts";

const names = ["GPUBufferUsage", "GPUShaderStage", "GPUMapMode"] as const;

/** Puts the constants of WebGPU where browsers have them; returns what takes them away again. */
export function fakeGpuGlobals(): () => void {
  const flags = new Proxy({}, { get: () => 1 });
  const before = names.map((name) => [name, Reflect.get(globalThis, name)] as const);
  for (const name of names) Reflect.set(globalThis, name, flags);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) Reflect.deleteProperty(globalThis, name);
      else Reflect.set(globalThis, name, value);
    }
  };
}

export function fakeGpu(): GpuEntry {
  const limits = new Proxy({}, { get: () => 2 ** 30 });
  const info = { vendor: "fake", architecture: "", device: "", description: "", isFallbackAdapter: true };
  const adapter = { features: new Set<string>(), limits, info, requestDevice: async () => fakeDevice(limits) };
  return { requestAdapter: async () => adapter } as unknown as GpuEntry;
}

// Whatever it is asked to make has all methods, too.
function fakeDevice(limits: object): object {
  const thing: object = new Proxy(() => undefined, {
    get: (_, name) => {
      if (name === "then") return undefined;
      if (name === "limits") return limits;
      if (name === "lost") return new Promise(() => undefined);
      return name === "popErrorScope" ? async () => null : thing;
    },
    apply: () => thing,
  });
  return thing;
}
