// What this machine offers: hardware, Node, each backend with the reason where it is not available, and whether what is
// available computes the right numbers, and how fast.
import { availableParallelism, cpus, freemem, totalmem } from "node:os";
import { scope, tensor, type Backend } from "@beitjs/tensor-core";
import { matmul } from "@beitjs/tensor-core/ops";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { simdPrecisions, type SimdPrecision } from "@beitjs/tensor-core/simd";
import { fillInputs, largestDifference, runCase } from "@beitjs/tensor-core/testing";
import { formatBackend, openSimd, simdFacts, type BackendFacts } from "../backend.ts";
import { defineCommand, integer, type Context } from "../command.ts";
import { selfTestCases } from "../doctor-cases.ts";
import { exitCodes } from "../exit-codes.ts";
import { cliVersion } from "../version.ts";

type BackendReport = {
  readonly name: string;
  readonly available: boolean;
  /** Why it is as it is, or why it is not available. */
  readonly reason: string;
  readonly facts?: BackendFacts;
  /** Precisions of inference that this engine computes rightly. */
  readonly precisions?: readonly SimdPrecision[];
  readonly selfTest?: { readonly passed: boolean; readonly cases: number; readonly failures: readonly string[] };
  /** Of a square product in float32; the reference counts in float64. */
  readonly gemm?: { readonly side: number; readonly milliseconds: number; readonly gflops: number };
};

export const doctorCommand = defineCommand({
  name: "doctor",
  summary: "Show what this machine offers and test every backend",
  example: "beit doctor --json",
  flags: { threads: integer("count", "threads of simd (default: all processors)", 1) },
  async run({ threads }, context) {
    const machine = {
      platform: `${process.platform} ${process.arch}`,
      processor: cpus()[0]?.model.trim() ?? "unknown",
      processors: availableParallelism(),
      memoryGiB: round(totalmem() / 2 ** 30),
      freeMemoryGiB: round(freemem() / 2 ** 30),
      node: process.version,
      beitjs: cliVersion(),
    };
    const backends = [await simdReport(threads, context), referenceReport(context), ...notYet];
    print(machine, backends, context);
    context.terminal.event("doctor", { machine, backends });
    return backends.every(({ selfTest }) => selfTest?.passed ?? true) ? exitCodes.done : exitCodes.failed;
  },
});

const notYet: readonly BackendReport[] = ["webgpu", "tfjs"].map((name) => ({
  name,
  available: false,
  reason: "not part of this version of beitjs",
}));

async function simdReport(threads: number | undefined, context: Context): Promise<BackendReport> {
  try {
    const backend = await openSimd(threads);
    const facts = simdFacts(backend);
    const report = {
      name: "simd",
      available: true,
      reason: facts.reason,
      facts,
      precisions: await precisionsOf(),
      selfTest: selfTest(backend),
      gemm: timeGemm(backend, 512, context),
    };
    backend.dispose();
    return report;
  } catch (error) {
    return { name: "simd", available: false, reason: (error as Error).message };
  }
}

// All engines have the others.
async function precisionsOf(): Promise<readonly SimdPrecision[]> {
  try {
    (await openSimd(1, "int8")).dispose();
    return simdPrecisions;
  } catch (error) {
    if (!/for precision int8/.test((error as Error).message)) throw error;
    return simdPrecisions.filter((precision) => precision !== "int8");
  }
}

function referenceReport(context: Context): BackendReport {
  const backend = createReferenceBackend();
  const facts = { name: "reference", reason: "plain loops in float64, always available" };
  return {
    name: "reference",
    available: true,
    reason: facts.reason,
    facts,
    selfTest: selfTest(backend),
    gemm: timeGemm(backend, 96, context),
  };
}

/** Values and gradients of small cases against the reference. */
function selfTest(backend: Backend): NonNullable<BackendReport["selfTest"]> {
  const reference = createReferenceBackend();
  const failures = selfTestCases.flatMap((opCase) => {
    const values = fillInputs(opCase);
    const expected = runCase(reference, opCase, values);
    const { error, where } = largestDifference(runCase(backend, opCase, values), expected, Object.keys(expected));
    return error <= 1e-5 ? [] : [`${opCase.op.name}: ${where}`];
  });
  return { passed: failures.length === 0, cases: selfTestCases.length, failures };
}

function timeGemm(backend: Backend, side: number, { host }: Context): NonNullable<BackendReport["gemm"]> {
  const times = scope(backend, () => {
    const values = Float32Array.from({ length: side * side }, (_, i) => (i % 7) - 3);
    const [a, b] = [tensor(values, [side, side], backend), tensor(values, [side, side], backend)];
    const once = (): number => {
      const began = performance.now();
      matmul(a, b).dispose();
      return performance.now() - began;
    };
    const until = host.now() + 500;
    const measured = [once(), once(), once()];
    while (measured.length < 20 && host.now() < until) measured.push(once());
    return measured.sort((x, y) => x - y);
  });
  const milliseconds = times[Math.floor(times.length / 2)];
  return { side, milliseconds: round(milliseconds), gflops: round((2 * side ** 3) / milliseconds / 1e6) };
}

function print(
  machine: Readonly<Record<string, unknown>>,
  backends: readonly BackendReport[],
  { terminal }: Context,
): void {
  const { green, red } = terminal.colors;
  const labels: Readonly<Record<string, string>> = { memoryGiB: "memory (GiB)", freeMemoryGiB: "free memory (GiB)" };
  for (const [name, value] of Object.entries(machine))
    terminal.result(`${(labels[name] ?? name).padEnd(18)} ${String(value)}`);
  for (const { name, available, reason, facts, precisions, selfTest: test, gemm } of backends) {
    terminal.result(`${name.padEnd(18)} ${available && facts ? formatBackend(facts) : `not available: ${reason}`}`);
    if (precisions) terminal.result(`${"".padEnd(18)} precisions: ${precisions.join(", ")}`);
    if (test)
      terminal.result(
        `${"".padEnd(18)} self-test: ${test.passed ? green(`${test.cases} ops agree with the reference`) : red("FAILED")}`,
      );
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
