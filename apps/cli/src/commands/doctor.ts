// What this machine offers: hardware, Node, each backend with the reason where it is not available, and whether what is
// available computes the right numbers, and how fast.
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { tensor, type Backend } from "@beitjs/tensor-core";
import { matmul } from "@beitjs/tensor-core/ops";
import { simdPrecisions, type SimdPrecision } from "@beitjs/tensor-core/simd";
import { compareWithReferenceAsync } from "@beitjs/tensor-core/testing";
import type { WebgpuDescription } from "@beitjs/tensor-core/webgpu";
import { formatBackend, type BackendFacts, type OpenedBackend } from "../backends/facts.ts";
import { openReference, openSimd } from "../backends/simd.ts";
import type { BackendFlags } from "../backends/flags.ts";
import { openTfjs } from "../backends/tfjs.ts";
import { tryWebgpu } from "../backends/webgpu.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { selfTestCases } from "../backends/self-test-cases.ts";
import { exitCodeOf, exitCodes, messageOf } from "../program/exit-codes.ts";
import { cliVersion } from "../program/version.ts";
import type { doctorFlags } from "./declarations/doctor.ts";

type BackendReport = {
  readonly name: string;
  readonly available: boolean;
  /** Why it is as it is, or why it is not available. */
  readonly reason: string;
  readonly facts?: BackendFacts;
  /** Precisions of inference that this engine computes rightly. */
  readonly precisions?: readonly SimdPrecision[];
  /** What the GPU has, of webgpu. */
  readonly gpu?: Omit<WebgpuDescription, "adapter">;
  readonly selfTest?: { readonly passed: boolean; readonly cases: number; readonly failures: readonly string[] };
  /** Of a square product in float32; the reference counts in float64. */
  readonly gemm?: { readonly side: number; readonly milliseconds: number; readonly gflops: number };
};

export async function run({ threads, softwareGpu }: FlagValues<typeof doctorFlags>, context: Context): Promise<number> {
  const machine = {
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    processors: availableParallelism(),
    memoryGiB: round(totalmem() / 2 ** 30),
    freeMemoryGiB: round(freemem() / 2 ** 30),
    node: process.version,
    beitjs: cliVersion(),
  };
  const backends: BackendReport[] = [];
  for (const [name, probe] of Object.entries(probes(threads, softwareGpu))) {
    backends.push(await reportOf(name, probe, context));
  }
  print(machine, backends, context);
  context.terminal.event("doctor", { machine, backends });
  return backends.every(({ selfTest }) => selfTest?.passed ?? true) ? exitCodes.done : exitCodes.failed;
}

type Opened = OpenedBackend & Pick<BackendReport, "precisions" | "gpu">;

type Probe = {
  /** Throws the reason where it is not available. */
  readonly open: () => Promise<Opened> | Opened;
  /** A large product would take minutes. */
  readonly slow?: boolean;
  /** Opened as a flag asks: what it refuses is a wrong use, and no lack of the machine. */
  readonly asked?: boolean;
};

function probes(
  threads: number | undefined,
  softwareGpu: boolean,
): Readonly<Record<Exclude<BackendFlags["backend"], "auto">, Probe>> {
  return {
    simd: {
      open: async () => ({ ...(await openSimd(threads)), precisions: await precisionsOf() }),
      asked: threads !== undefined,
    },
    webgpu: { open: () => openGpu(softwareGpu) },
    "tfjs-wasm": { open: () => openTfjs("tfjs-wasm") },
    "tfjs-cpu": { open: () => openTfjs("tfjs-cpu"), slow: true },
    tensorflow: { open: () => openTfjs("tensorflow") },
    "tensorflow-gpu": { open: () => openTfjs("tensorflow-gpu") },
    reference: { open: () => openReference("plain loops in float64, always available"), slow: true },
  };
}

async function openGpu(softwareGpu: boolean): Promise<Opened> {
  const { backend, facts } = await tryWebgpu(softwareGpu);
  const { software, tier, features, limits } = backend;
  return { backend, facts, gpu: { software, tier, features, limits } };
}

async function reportOf(name: string, { open, slow, asked }: Probe, context: Context): Promise<BackendReport> {
  let opened: Opened;
  try {
    opened = await open();
  } catch (error) {
    if (asked && exitCodeOf(error) === exitCodes.wrongUse) throw error;
    return { name, available: false, reason: messageOf(error) };
  }
  const { backend, facts, ...more } = opened;
  try {
    const side = slow || opened.gpu?.software ? 96 : 512;
    const checks = { selfTest: await selfTest(backend), gemm: await timeGemm(backend, side, context) };
    return { name, available: true, reason: facts.reason, facts, ...more, ...checks };
  } finally {
    backend.dispose();
  }
}

// All engines have the others.
async function precisionsOf(): Promise<readonly SimdPrecision[]> {
  try {
    (await openSimd(1, "int8")).backend.dispose();
    return simdPrecisions;
  } catch (error) {
    if (!/for precision int8/.test((error as Error).message)) throw error;
    return simdPrecisions.filter((precision) => precision !== "int8");
  }
}

/** Values and gradients of small cases against the reference. */
async function selfTest(backend: Backend): Promise<NonNullable<BackendReport["selfTest"]>> {
  const failures: string[] = [];
  for (const opCase of selfTestCases) {
    const { values, gradients } = await compareWithReferenceAsync(backend, opCase);
    const { error, where } = values.error > gradients.error ? values : gradients;
    if (!(error <= 1e-5)) failures.push(`${opCase.op.name}: ${where}`);
  }
  return { passed: failures.length === 0, cases: selfTestCases.length, failures };
}

async function timeGemm(
  backend: Backend,
  side: number,
  { host }: Context,
): Promise<NonNullable<BackendReport["gemm"]>> {
  const values = Float32Array.from({ length: side * side }, (_, i) => (i % 7) - 3);
  const [a, b] = [tensor(values, [side, side], backend), tensor(values, [side, side], backend)];
  const once = async (): Promise<number> => {
    const began = performance.now();
    const product = matmul(a, b);
    // A device computes when it likes; reading it waits for the result.
    if (!backend.readSync) await product.read();
    product.dispose();
    return performance.now() - began;
  };
  const until = host.elapsed() + 500;
  const times = [await once(), await once(), await once()];
  while (times.length < 20 && host.elapsed() < until) times.push(await once());
  for (const one of [a, b]) one.dispose();
  const milliseconds = times.sort((x, y) => x - y)[Math.floor(times.length / 2)];
  return { side, milliseconds: round(milliseconds), gflops: round((2 * side ** 3) / milliseconds / 1e6) };
}

function print(
  machine: Readonly<Record<string, unknown>>,
  backends: readonly BackendReport[],
  { terminal }: Context,
): void {
  const labels: Readonly<Record<string, string>> = { memoryGiB: "memory (GiB)", freeMemoryGiB: "free memory (GiB)" };
  for (const [name, value] of Object.entries(machine))
    terminal.result(`${(labels[name] ?? name).padEnd(18)} ${String(value)}`);
  for (const { name, available, reason, facts, precisions, gpu, selfTest: test, gemm } of backends) {
    terminal.result(`${name.padEnd(18)} ${available && facts ? formatBackend(facts) : `not available: ${reason}`}`);
    if (precisions) terminal.result(`${"".padEnd(18)} precisions: ${precisions.join(", ")}`);
    if (gpu) {
      terminal.result(`${"".padEnd(18)} tier of the adapter: ${gpu.tier}`);
      terminal.result(`${"".padEnd(18)} features: ${gpu.features.join(", ") || "none"}`);
      const limits = Object.entries(gpu.limits).map(([limit, value]) => `${limit} ${value}`);
      terminal.result(`${"".padEnd(18)} limits: ${limits.join(", ")}`);
    }
    if (test)
      terminal.result({
        text: `${"".padEnd(18)} self-test: `,
        ...(test.passed
          ? { styled: `${test.cases} ops agree with the reference`, style: "green" }
          : { styled: "FAILED", style: "red" }),
      });
    for (const failure of test?.failures ?? []) terminal.result(`${"".padEnd(18)} ${failure}`);
    if (gemm)
      terminal.result(
        `${"".padEnd(18)} ${gemm.side} x ${gemm.side} product: ${gemm.milliseconds} ms, ${gemm.gflops} GFLOP/s`,
      );
  }
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
