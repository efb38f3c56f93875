// What we compare with is not ours to install: a peer that is missing is left out, with a line that says how to get it.
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { BenchOptions, PeerName } from "./arguments.ts";
import { runWorker } from "./processes.ts";
import type { Skipped } from "./report.ts";

const folder = new URL("./peers/", import.meta.url);

export const peerFiles = {
  tfjs: fileURLToPath(new URL("train-tfjs.mjs", folder)),
  torch: fileURLToPath(new URL("train_torch.py", folder)),
} as const satisfies Record<PeerName, string>;

export type FoundPeers = { readonly tfjs: boolean; readonly python?: string; readonly skipped: readonly Skipped[] };

/** Which of the wished-for peers can run here. */
export async function findPeers({ peers, python }: Pick<BenchOptions, "peers" | "python">): Promise<FoundPeers> {
  const skipped: Skipped[] = [];
  const skip = (name: PeerName, reason: string): false => {
    skipped.push({ name, reason });
    return false;
  };
  const tfjs =
    peers.includes("tfjs") &&
    (hasTfjs() || skip("tfjs", "not installed; to compare with it: npm install --prefix tools/bench/peers"));
  if (!peers.includes("torch")) return { tfjs, skipped };
  if (python === undefined) {
    skip("torch", "no Python named; to compare with it: --python PATH of a Python that can import torch");
    return { tfjs, skipped };
  }
  const missing = await importError(python);
  if (missing === undefined) return { tfjs, python, skipped };
  skip("torch", `${python} cannot import torch (${missing}); to get it: ${python} -m pip install torch`);
  return { tfjs, skipped };
}

function hasTfjs(): boolean {
  const { resolve } = createRequire(new URL("package.json", folder));
  try {
    return ["@tensorflow/tfjs", "@tensorflow/tfjs-backend-wasm"].every((name) => resolve(name) !== "");
  } catch {
    return false;
  }
}

async function importError(python: string): Promise<string | undefined> {
  try {
    await runWorker([python, "-c", "import torch; print(1)"], 120_000);
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n").at(-1);
  }
}
