// A GPU: webgpu with products of float32 and of f16 factors, stock tfjs and jax-js on webgpu, PyTorch in float32 and with autocast.
// Where there is only a driver that computes on the processor, little sizes show that everything runs, and the figures are marked.
import { describeWebgpu } from "@beitjs/tensor-core/webgpu";
import type { BenchOptions } from "../arguments.ts";
import { bundleWorker } from "../bundle.ts";
import { findPeers, peerFiles, seesCuda } from "../peers.ts";
import { runContestants, type Contestant } from "../processes.ts";
import type { Column, Skipped, SuiteResult } from "../report.ts";
import { median } from "../statistics.ts";
import { ratiosTo, trainProblems } from "../train/summary.ts";
import type { HostResult } from "./host-worker.ts";
import { baseStep, hostStep, softwareStep, type GpuRequest, type GpuResult, type HostRequest } from "./settings.ts";
import { gpuRows, hostRow } from "./summary.ts";

const columns: readonly Column[] = [
  { key: "work", title: "work" },
  { key: "contestant", title: "contestant" },
  { key: "medianMs", title: "median ms", digits: 3 },
  { key: "rate", title: "rate", digits: 2 },
  { key: "unit", title: "unit" },
  { key: "hostMs", title: "host ms", digits: 1 },
  { key: "firstLoss", title: "first loss", digits: 3 },
  { key: "deviceMiB", title: "device MiB", digits: 0 },
];

const webgpuPeers = ["tfjs", "jax"] as const;

/** @throws if there is no adapter at all */
export async function gpuSuite(options: BenchOptions): Promise<SuiteResult> {
  const { software } = await describeWebgpu();
  const settings = {
    ...(software ? softwareStep : baseStep),
    ...(options.seconds !== undefined && { seconds: options.seconds }),
  };
  const peers = await findPeers(options, { npm: webgpuPeers, python: { name: "torch", modules: ["torch"] } });
  const worker = await bundleWorker(new URL("worker.ts", import.meta.url), { external: ["webgpu"] });
  const ours = (["float32", "mixed"] as const).map((precision): Contestant => {
    const request: GpuRequest = { ...settings, precision, allowSoftware: software };
    return { name: `webgpu-${precision}`, command: worker(request) };
  });
  const skipped: Skipped[] = [...peers.skipped];
  const theirs: Contestant[] = [];
  for (const name of webgpuPeers.filter((one) => peers.npm.has(one))) {
    const request = JSON.stringify({ ...settings, device: "webgpu" });
    theirs.push({ name: `${name}-webgpu`, command: [process.execPath, peerFiles[name], request] });
  }
  if (peers.python !== undefined) {
    if (await seesCuda(peers.python)) {
      for (const autocast of [false, true]) {
        const request = JSON.stringify({ ...settings, device: "cuda", autocast });
        theirs.push({
          name: autocast ? "torch-bf16" : "torch-float32",
          command: [peers.python, peerFiles.torch, request],
        });
      }
    } else skipped.push({ name: "torch", reason: "it sees no CUDA device" });
  }
  const results = await runContestants<GpuResult>(
    [...ours, ...theirs],
    options.rounds,
    ({ times, losses }) => `${median(times).toFixed(1)} ms a step, first loss ${losses[0].toFixed(3)}`,
    // Memory of the device that is too little for a peer is no reason to lose the other figures.
    (contestant, { message }) =>
      theirs.includes(contestant) && skipped.push({ name: contestant.name, reason: message }) > 0,
  );
  const hostWorker = await bundleWorker(new URL("host-worker.ts", import.meta.url), { external: ["webgpu"] });
  const host = await runContestants<HostResult>(
    (["float32", "mixed"] as const).map((precision) => {
      const request: HostRequest = { ...hostStep, precision };
      return { name: `webgpu-null-${precision}`, command: hostWorker(request) };
    }),
    options.rounds,
    ({ encodingTimes }) => `${median(encodingTimes).toFixed(1)} ms to encode a step of 12 blocks`,
  );
  const versions = [...results.values()].flatMap(([first]) => Object.entries(first.versions ?? {}));
  const adapters = [...results.values()].flatMap(([{ adapter }]) => (adapter === undefined ? [] : [adapter]));
  return {
    settings,
    rows: [
      ...[...results].flatMap(([name, rounds]) => gpuRows(name, rounds, settings)),
      ...[...host].map(([name, rounds]) => hostRow(name, rounds)),
    ],
    columns,
    ratios: { step: ratiosTo(["webgpu-float32", "webgpu-mixed"], results, ({ times }) => times) },
    skipped,
    problems: [
      ...(software ? [`${adapters[0]} computes on the processor, at little sizes: these are no figures of a GPU`] : []),
      ...[...results].flatMap(([name, rounds]) => trainProblems(name, rounds, settings.model.vocabSize)),
    ],
    versions: { ...Object.fromEntries(versions), adapter: adapters[0] },
  };
}
