// Packs what a bare Linux machine with a GPU needs to test and measure the webgpu backend, into one archive: Node, Dawn, the Vulkan
// loader, and programs bundled from the sources, those of the peers of tools/bench/peers too, if they are installed. PyTorch is used
// where the machine has it.
//   node --import jiti/register tools/gpu-machine/pack.ts FOLDER     writes FOLDER/gpu-machine.tar.xz
//   there: tar -xJf gpu-machine.tar.xz && ./gpu-machine/run.sh OUT   writes OUT/*.json
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { bundleWorker } from "../bench/bundle.ts";
import { curveFiles, curveSeeds, curveSettings, type CurveRequest } from "../bench/curves/settings.ts";
import type { WriteInputsRequest } from "../bench/curves/write-inputs.ts";
import { baseStep, hostStep, softwareStep, type GpuRequest, type HostRequest } from "../bench/gpu/settings.ts";
import { findPeers, peerFiles } from "../bench/peers.ts";
import { root } from "../bench/processes.ts";
import { unpackSoftwareGpu } from "../software-gpu/driver.ts";

const programs = {
  "conformance.mjs": new URL("conformance.ts", import.meta.url),
  "bench.mjs": new URL("../bench/gpu/worker.ts", import.meta.url),
  "host.mjs": new URL("../bench/gpu/host-worker.ts", import.meta.url),
  "curve-inputs.mjs": new URL("../bench/curves/write-inputs.ts", import.meta.url),
  "curve.mjs": new URL("../bench/curves/worker.ts", import.meta.url),
} as const;

/** Peers on webgpu. */
const peers = ["tfjs", "jax"] as const;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("[pack] expected a folder for gpu-machine.tar.xz, got none");
mkdirSync(folder, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "beitjs-gpu-"));
try {
  const packed = join(work, "gpu-machine");
  await fill(packed);
  const archive = resolve(folder, "gpu-machine.tar.xz");
  execFileSync("tar", ["-cJf", archive, "-C", work, "gpu-machine"]);
  console.log(`${archive}: ${(statSync(archive).size / 2 ** 20).toFixed(1)} MiB`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function fill(packed: string): Promise<void> {
  const dawn = join(packed, "node_modules", "webgpu");
  mkdirSync(join(dawn, "dist", "linux-x64"), { recursive: true });
  for (const file of ["index.js", "package.json", join("dist", "linux-x64", "dawn.node")])
    copyFileSync(join(root, "node_modules", "webgpu", file), join(dawn, file));
  copyFileSync(process.execPath, join(packed, "node"));
  for (const binary of [join(packed, "node"), join(dawn, "dist", "linux-x64", "dawn.node")])
    execFileSync("strip", ["--strip-unneeded", binary]);
  const { folder: driver } = unpackSoftwareGpu(join(root, "node_modules", ".cache"));
  copyFileSync(join(driver, "libvulkan.so.1"), join(packed, "libvulkan.so.1"));
  for (const [name, source] of Object.entries(programs)) {
    const [, bundle] = (await bundleWorker(source, { external: ["webgpu"] }))({});
    cpSync(bundle, join(packed, name));
  }
  const { npm, skipped } = await findPeers({ peers }, { npm: peers });
  for (const { name, reason } of skipped) console.warn(`without ${name}: ${reason}`);
  for (const name of peers.filter((one) => npm.has(one))) {
    const [, bundle] = (await bundleWorker(pathToFileURL(peerFiles[name]), { external: ["webgpu"] }))({});
    cpSync(bundle, join(packed, `${name}.mjs`));
  }
  const scripts = dirname(peerFiles.torch);
  for (const script of ["train_torch.py", "curve_torch.py", "beit_torch.py", "weights.py"])
    cpSync(join(scripts, script), join(packed, script));
  const write = (name: string, request: object): void => writeFileSync(join(packed, name), JSON.stringify(request));
  for (const [size, settings, allowSoftware] of [
    ["base", baseStep, false],
    ["software", softwareStep, true],
  ] as const) {
    for (const precision of ["float32", "mixed"] as const)
      write(`${size}-${precision}.json`, { ...settings, precision, allowSoftware } satisfies GpuRequest);
    write(`${size}-peers.json`, { ...settings, device: "webgpu" });
  }
  writeCurves(write);
  write("torch-float32.json", { ...baseStep, device: "cuda", autocast: false });
  write("torch-bf16.json", { ...baseStep, device: "cuda", autocast: true });
  write("host.json", { ...hostStep, precision: "float32" } satisfies HostRequest);
  const script = join(packed, "run.sh");
  copyFileSync(join(dirname(fileURLToPath(import.meta.url)), "run.sh"), script);
  chmodSync(script, 0o755);
}

// Paths are relative: run.sh makes the inputs there.
function writeCurves(write: (name: string, request: object) => void): void {
  const folder = "curves";
  const files = curveFiles(folder);
  const [seed] = curveSeeds;
  for (const [size, steps] of [
    ["base", curveSettings.steps],
    ["software", 2],
  ] as const) {
    const settings = { ...curveSettings, steps, files, seed, allowSoftware: size === "software" };
    write(`${size}-curve-inputs.json`, { ...settings, folder } satisfies WriteInputsRequest);
    for (const precision of ["float32", "mixed"] as const)
      write(`${size}-curve-${precision}.json`, {
        ...settings,
        engine: { name: "webgpu", precision },
      } satisfies CurveRequest);
  }
  const torch = { ...curveSettings, ...files, device: "cuda", threads: 1 };
  write("torch-curve-float32.json", { ...torch, weights: files.weights[0], autocast: false });
  write("torch-curve-other.json", { ...torch, weights: files.weights[1], autocast: false });
  write("torch-curve-bf16.json", { ...torch, weights: files.weights[0], autocast: true });
}
