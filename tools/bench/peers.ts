// What we compare with is not ours to install: a peer that is missing is left out, with a line that says how to get it.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BenchOptions, PeerName } from "./arguments.ts";
import { runWorker } from "./processes.ts";
import type { Skipped } from "./report.ts";

const folder = new URL("./peers/", import.meta.url);
const file = (name: string) => fileURLToPath(new URL(name, folder));

/** What runs a peer: its training step, a network, masks. */
export const peerFiles = {
  tfjs: file("train-tfjs.mjs"),
  jax: file("train-jax.mjs"),
  torch: file("train_torch.py"),
  torchCurve: file("curve_torch.py"),
  onnxInference: file("infer-onnx.mjs"),
  tfjsInference: file("infer-tfjs.mjs"),
  jaxInference: file("infer-jax.mjs"),
  torchInference: file("infer_torch.py"),
  onnxFolder: file("folder_onnx.py"),
  unilmMasks: file("masking_unilm.py"),
} as const;

/** npm's packages of the peers that are among them. */
const npmPackages = {
  "ort-web": ["onnxruntime-web"],
  "ort-node": ["onnxruntime-node"],
  tfjs: ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm", "@tensorflow/tfjs-backend-webgpu"],
  jax: ["@jax-js/jax", "@jax-js/onnx"],
} as const satisfies Partial<Record<PeerName, readonly string[]>>;

export type NpmPeerName = keyof typeof npmPackages;

export type FoundPeers = {
  readonly npm: ReadonlySet<NpmPeerName>;
  /** A Python with the wanted modules. */
  readonly python?: string;
  readonly skipped: readonly Skipped[];
};

/** What a suite compares with: of the npm packages, and with which modules of Python as which peer. */
export type WantedPeers = {
  readonly npm: readonly NpmPeerName[];
  readonly python?: { readonly name: PeerName; readonly modules: readonly string[] };
};

/** Which of the peers that are wished for, and that the suite knows, can run here. */
export async function findPeers(
  { peers, python }: Pick<BenchOptions, "peers" | "python">,
  wanted: WantedPeers,
): Promise<FoundPeers> {
  const skipped: Skipped[] = [];
  const npm = new Set<NpmPeerName>();
  for (const name of wanted.npm.filter((one) => peers.includes(one))) {
    if (npmPackages[name].every(isInstalled)) npm.add(name);
    else skipped.push({ name, reason: `not installed; to compare with it: ${installCommand}` });
  }
  if (!wanted.python || !peers.includes(wanted.python.name)) return { npm, skipped };
  const { name, modules } = wanted.python;
  const list = modules.join(", ");
  if (python === undefined) {
    const reason = `no Python named; to compare with it: --python PATH of a Python that can import ${list}`;
    return { npm, skipped: [...skipped, { name, reason }] };
  }
  const missing = await importError(python, modules);
  if (missing === undefined) return { npm, python, skipped };
  const reason = `${python} cannot import ${list} (${missing}); to get them: ${python} -m pip install ${packagesOf(modules)}`;
  return { npm, skipped: [...skipped, { name, reason }] };
}

const installCommand = "npm install --prefix tools/bench/peers";

function isInstalled(name: string): boolean {
  return existsSync(new URL(`node_modules/${name}/package.json`, folder));
}

// Modules have their packages' names, but for one.
function packagesOf(modules: readonly string[]): string {
  return modules.map((module) => (module === "PIL" ? "pillow" : module)).join(" ");
}

async function importError(python: string, modules: readonly string[]): Promise<string | undefined> {
  try {
    await runWorker([python, "-c", `import ${modules.join(", ")}; print(1)`], 120_000);
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n").at(-1);
  }
}

/** Whether the torch of a Python has a GPU. */
export async function seesCuda(python: string): Promise<boolean> {
  return runWorker<boolean>([python, "-c", "import torch; print(str(torch.cuda.is_available()).lower())"]);
}
