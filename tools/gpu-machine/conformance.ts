// Every op and case on this machine's GPU against the reference: conformance.mjs float32|mixed base|software. Prints one line of JSON. With
// mixed, products and what is stored for them are compared as rounded factors allow: 2^-11 of each, so some thousandths of a result.
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import {
  compareWithReferenceAsync,
  largestDifference,
  missingKernels,
  runCase,
  runCaseAsync,
  titleOf,
  type OpCase,
} from "@beitjs/tensor-core/testing";
import { createWebgpuBackend, type WebgpuPrecision } from "@beitjs/tensor-core/webgpu";
import { allCases } from "../../packages/tensor-core/src/ops/all-cases.ts";

const [precision, size] = process.argv.slice(2) as [WebgpuPrecision, string];
const backend = await createWebgpuBackend({ precision, allowSoftware: size === "software" });
const multiplied = [
  "Linear",
  "LinearCrossEntropy",
  "LinearGelu",
  "LinearQkv",
  "LinearResidual",
  "Matmul",
  "Conv2d",
  "ConvTranspose2d",
];
const rounded = new Set([...multiplied, "LayerNorm", "Attention"]);
const SLACK = 2e-2;
const reference = createReferenceBackend();
const failures: string[] = [];
for (const opCase of allCases) {
  try {
    const missing = missingKernels(backend, opCase.op);
    failures.push(...missing.map((kernel) => `${titleOf(opCase)}: no kernel ${kernel}`));
    const isRounded = precision === "mixed" && rounded.has(opCase.op.name);
    failures.push(...(await (isRounded ? compareRounded(opCase) : compareExactly(opCase))));
  } catch (error) {
    failures.push(`${titleOf(opCase)}: ${(error as Error).message}`);
  }
}
const { adapter, tier, products, features, limits, fallbacks } = backend;
const facts = { adapter, tier, products, features, limits, fallbacks: [...fallbacks] };
console.log(JSON.stringify({ cases: allCases.length, failed: failures.length, failures, ...facts }));
backend.dispose();
process.exitCode = failures.length > 0 ? 1 : 0;

async function compareExactly(opCase: OpCase): Promise<string[]> {
  const { tolerance = 1e-5, gradientTolerance = tolerance } = opCase;
  const { values, gradients } = await compareWithReferenceAsync(backend, opCase);
  const failed = [
    ...(values.error < tolerance ? [] : [values.where]),
    ...(gradients.error < gradientTolerance ? [] : [gradients.where]),
  ];
  return failed.map((where) => `${titleOf(opCase)}: ${where}`);
}

// But for integers: a choice between logits that are nearly equal falls to either.
async function compareRounded(opCase: OpCase): Promise<string[]> {
  const { op, tolerance = 1e-5, gradientTolerance = tolerance } = opCase;
  const wanted = runCase(reference, opCase);
  const integers = (op.integer ?? []) as readonly string[];
  const names = Object.keys(wanted).filter((name) => !integers.includes(name));
  const { error, where } = largestDifference(await runCaseAsync(backend, opCase), wanted, names);
  return error < Math.max(tolerance, gradientTolerance) + SLACK ? [] : [`${titleOf(opCase)}: ${where}`];
}
