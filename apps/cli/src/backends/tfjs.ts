// TensorFlow.js: its own wasm and plain backends, and TensorFlow itself through the addons tfjs-node and tfjs-node-gpu. The user
// installs what he wants of them; none is taken in place of another.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createTfjsBackend, type TensorFlow, type TfjsBackend } from "@beitjs/tensor-core/tfjs";
import { usageError } from "../program/exit-codes.ts";
import type { OpenedBackend } from "./facts.ts";
import type { TfjsName } from "./flags.ts";

/**
 * What each needs installed. None comes along: tfjs is 70 MB and nowhere faster than simd, and the installers of the addons download
 * TensorFlow.
 */
const packagesOf: Readonly<Record<TfjsName, readonly string[]>> = {
  "tfjs-wasm": ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-wasm"],
  "tfjs-cpu": ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu"],
  tensorflow: ["@tensorflow/tfjs-node"],
  "tensorflow-gpu": ["@tensorflow/tfjs-node-gpu"],
};
const version = "4.22.0";

/** What `tf` offers beyond what the backend uses. */
type Tf = TensorFlow & {
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  backend(): object;
  readonly version_core: string;
};

export type OpenedTfjs = OpenedBackend & { readonly backend: TfjsBackend };

export function openTfjs(name: TfjsName): Promise<OpenedTfjs> {
  return name === "tensorflow" || name === "tensorflow-gpu" ? openAddon(name) : openOwn(name);
}

/** Whether its packages are installed, beside the project or beside the CLI. */
export function isInstalled(name: TfjsName): boolean {
  return packagesOf[name].every((specifier) => locate(specifier) !== undefined);
}

async function openOwn(name: "tfjs-wasm" | "tfjs-cpu"): Promise<OpenedTfjs> {
  const device = name === "tfjs-wasm" ? "wasm" : "cpu";
  // The second registers itself with the first.
  const [tf] = await loadPackages(name);
  tf.enableProdMode();
  if (!(await tf.setBackend(device))) throw new Error(`expected tfjs to start its ${device} backend, it did not`);
  const backend = await createTfjsBackend(tf);
  return { backend, facts: { name, reason: `tfjs ${tf.version_core}, one thread` } };
}

async function openAddon(name: "tensorflow" | "tensorflow-gpu"): Promise<OpenedTfjs> {
  const [tf] = await loadPackages(name);
  tf.enableProdMode();
  await tf.setBackend("tensorflow");
  const usesGpu = (tf.backend() as { readonly isUsingGpuDevice?: boolean }).isUsingGpuDevice ?? false;
  if (name === "tensorflow-gpu" && !usesGpu)
    throw usageError(howToInstall(name, packagesOf[name][0], "is installed, but TensorFlow sees no GPU"));
  const backend = await createTfjsBackend(tf);
  const reason = `TensorFlow through tfjs-node ${tf.version_core}, on ${usesGpu ? "the GPU" : "the processor"}`;
  return { backend, facts: { name, reason } };
}

function howToInstall(name: TfjsName, specifier: string, what: string, cause?: Error): string {
  const first = cause?.message.includes("isNullOrUndefined") ? " This Node is too new for it." : "";
  const versions = packagesOf[name].map((one) => `${one}@${version}`).join(" ");
  return (
    `--backend ${name}: ${specifier} ${what}.${first} ` +
    `${needs[name] ?? ""}Install it with: npm install ${versions}. Nothing else is taken in its place`
  );
}

const needs: Readonly<Partial<Record<TfjsName, string>>> = {
  tensorflow: "It needs Node 20 (its binary is TensorFlow 2.9.1). ",
  "tensorflow-gpu":
    "It needs Node 20 on Linux or Windows, an NVIDIA driver, CUDA 11.2 and cuDNN 8.1 (TensorFlow 2.9.1; for newer ones see docs/tensorflow.md). ",
};

async function loadPackages(name: TfjsName): Promise<readonly Tf[]> {
  const found: Tf[] = [];
  for (const specifier of packagesOf[name]) {
    const path = locate(specifier);
    if (path === undefined) throw usageError(howToInstall(name, specifier, "was not found"));
    try {
      // CommonJS: everything is in its default export, and not always beside it.
      const loaded = (await import(pathToFileURL(path).href)) as Tf & { readonly default?: Tf };
      found.push(loaded.default ?? loaded);
    } catch (error) {
      const { message } = error as Error;
      throw usageError(howToInstall(name, specifier, `does not load: ${message}`, error as Error), error);
    }
  }
  return found;
}

function locate(specifier: string): string | undefined {
  for (const from of [join(process.cwd(), "beit.js"), import.meta.url]) {
    try {
      return createRequire(from).resolve(specifier);
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}
