// A GPU through WebGPU.
import { readdirSync } from "node:fs";
import {
  createWebgpuBackend,
  describeWebgpu,
  type WebgpuBackend,
  type WebgpuPrecision,
  type WebgpuProducts,
} from "@beitjs/tensor-core/webgpu";
import type { OpenedBackend } from "./facts.ts";

const productsInWords: Readonly<Record<WebgpuProducts, string>> = {
  float32: "products of float32",
  half: "products of f16 factors, from registers",
  matrix: "products of f16 factors, on matrix units",
};

export type OpenedWebgpu = OpenedBackend & { readonly backend: WebgpuBackend };

/** @throws if there is no adapter, or only one that runs on the processor and `softwareGpu` is not set */
export async function openWebgpu(softwareGpu: boolean, precision: WebgpuPrecision = "float32"): Promise<OpenedWebgpu> {
  try {
    const backend = await createWebgpuBackend({ allowSoftware: softwareGpu, precision });
    const { adapter, products } = backend;
    const mixed = precision === "mixed" && { mixed: true };
    return { backend, facts: { name: "webgpu", ...mixed, reason: `${adapter}; ${productsInWords[products]}` } };
  } catch (error) {
    throw inWordsOfFlags(error);
  }
}

/** `openWebgpu` where nobody has asked for it by name: Dawn is not started where there cannot be a GPU. */
export async function tryWebgpu(softwareGpu: boolean): Promise<OpenedWebgpu> {
  const reason = softwareGpu ? undefined : await whyNoGpu();
  if (reason !== undefined) throw new Error(reason);
  return openWebgpu(softwareGpu);
}

/** The reason why this machine has no GPU that WebGPU can use; nothing if it has one. */
async function whyNoGpu(): Promise<string | undefined> {
  // Dawn prints a warning of its own where it finds no driver; where there is no device it is not asked.
  if (process.platform === "linux" && !hasDevice()) return "no GPU under /dev";
  try {
    const { software, adapter } = await describeWebgpu();
    return software ? `only the software adapter ${adapter}` : undefined;
  } catch (error) {
    return inWordsOfFlags(error).message;
  }
}

// What Linux shows of a GPU: DRM's render nodes, NVIDIA's own, and Windows' for WSL.
function hasDevice(): boolean {
  return ["/dev", "/dev/dri"].some((folder) =>
    list(folder).some((name) => /^(?:renderD\d+|nvidia\d+|dxg)$/.test(name)),
  );
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function inWordsOfFlags(error: unknown): Error {
  const { message } = error as Error;
  const text = message
    .replace(/^\[\w+\] /, "")
    .replace("pass allowSoftware: true to run on the processor all the same", "--software-gpu takes it all the same");
  return new Error(text, { cause: error });
}
