// TensorFlow.js: its own wasm and plain backends, which the CLI brings along, and TensorFlow itself through the addons
// tfjs-node and tfjs-node-gpu, which the user installs. None is taken in place of another.
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createTfjsBackend, type TensorFlow, type TfjsBackend } from "@beitjs/tensor-core/tfjs";
import { usageError } from "../program/exit-codes.ts";
import type { OpenedBackend } from "./facts.ts";

export const tfjsBackends = ["tfjs-wasm", "tfjs-cpu", "tensorflow", "tensorflow-gpu"] as const;
export type TfjsName = (typeof tfjsBackends)[number];

/** The addons that are not brought along: their installers download TensorFlow. */
const addons = { tensorflow: "@tensorflow/tfjs-node", "tensorflow-gpu": "@tensorflow/tfjs-node-gpu" } as const;
export type AddonName = keyof typeof addons;

/** What `tf` offers beyond what the backend uses. */
type Tf = TensorFlow & {
  enableProdMode(): void;
  setBackend(name: string): Promise<boolean>;
  backend(): object;
  readonly version: { readonly "tfjs-core": string };
};

export type OpenedTfjs = OpenedBackend & { readonly backend: TfjsBackend };

export function openTfjs(name: TfjsName): Promise<OpenedTfjs> {
  return name === "tensorflow" || name === "tensorflow-gpu" ? openAddon(name) : openOwn(name);
}

/** Whether the addon is installed, beside the project or beside the CLI. */
export function isInstalled(name: AddonName): boolean {
  return locate(addons[name]) !== undefined;
}

async function openOwn(name: "tfjs-wasm" | "tfjs-cpu"): Promise<OpenedTfjs> {
  const device = name === "tfjs-wasm" ? "wasm" : "cpu";
  const tf = await bring("@tensorflow/tfjs");
  if (device === "wasm") await bring("@tensorflow/tfjs-backend-wasm");
  tf.enableProdMode();
  if (!(await tf.setBackend(device))) throw new Error(`expected tfjs to start its ${device} backend, it did not`);
  const backend = await createTfjsBackend(tf);
  return { backend, facts: { name, reason: `tfjs ${tf.version["tfjs-core"]}, one thread` } };
}

async function openAddon(name: AddonName): Promise<OpenedTfjs> {
  const path = locate(addons[name]);
  if (path === undefined) throw usageError(howToInstall(name, "was not found"));
  const tf = await load(pathToFileURL(path).href, (error) =>
    howToInstall(name, `does not load: ${error.message}`, error),
  );
  tf.enableProdMode();
  await tf.setBackend("tensorflow");
  const usesGpu = (tf.backend() as { readonly isUsingGpuDevice?: boolean }).isUsingGpuDevice ?? false;
  if (name === "tensorflow-gpu" && !usesGpu)
    throw usageError(howToInstall(name, "is installed, but TensorFlow sees no GPU"));
  const backend = await createTfjsBackend(tf);
  const reason = `TensorFlow through tfjs-node ${tf.version["tfjs-core"]}, on ${usesGpu ? "the GPU" : "the processor"}`;
  return { backend, facts: { name, reason } };
}

function howToInstall(name: AddonName, what: string, cause?: Error): string {
  const needs =
    name === "tensorflow-gpu"
      ? "Node 20 on Linux or Windows, an NVIDIA driver, CUDA 11.2 and cuDNN 8.1 (TensorFlow 2.9.1; for newer ones see docs/tensorflow.md)"
      : "Node 20 (its binary is TensorFlow 2.9.1)";
  const first = cause?.message.includes("isNullOrUndefined") ? " This Node is too new for it." : "";
  return (
    `--backend ${name}: ${addons[name]} ${what}.${first} ` +
    `It needs ${needs}; install it with: npm install ${addons[name]}@4.22.0. Nothing else is taken in its place`
  );
}

// The packages that come with the CLI, where npm could install them.
function bring(specifier: "@tensorflow/tfjs" | "@tensorflow/tfjs-backend-wasm"): Promise<Tf> {
  return load(
    specifier,
    (error) => `expected the package ${specifier}: npm install ${specifier}@4.22.0 (${error.message})`,
  );
}

// CommonJS: everything is in its default export, and not always beside it.
async function load(specifier: string, explain: (error: Error) => string): Promise<Tf> {
  try {
    const loaded = (await import(specifier)) as Tf & { readonly default?: Tf };
    return loaded.default ?? loaded;
  } catch (error) {
    throw usageError(explain(error as Error), error);
  }
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
