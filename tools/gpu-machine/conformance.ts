// Every op and case on this machine's GPU against the reference: conformance.mjs float32|mixed base|software. Prints one line of JSON. With
// mixed, products and what is stored for them are compared as rounded factors allow: 2^-11 of each, so some thousandths of a result.
import { compareWithReferenceAsync, titleOf } from "@beitjs/tensor-core/testing";
import { createWebgpuBackend, type WebgpuPrecision } from "@beitjs/tensor-core/webgpu";
import { allCases } from "../../packages/tensor-core/src/ops/all-cases.ts";

const [precision, size] = process.argv.slice(2) as [WebgpuPrecision, string];
const backend = await createWebgpuBackend({ precision, allowSoftware: size === "software" });
const multiplied = ["Linear", "LinearGelu", "LinearResidual", "Matmul", "Conv2d", "ConvTranspose2d"];
const rounded = new Set([...multiplied, "LayerNorm", "Attention"]);
const failures: string[] = [];
for (const opCase of allCases) {
  const { tolerance = 1e-5, gradientTolerance = tolerance } = opCase;
  const slack = precision === "mixed" && rounded.has(opCase.op.name) ? 2e-2 : 0;
  try {
    const { values, gradients } = await compareWithReferenceAsync(backend, opCase);
    if (!(values.error < tolerance + slack)) failures.push(`${titleOf(opCase)}: ${values.where}`);
    if (!(gradients.error < gradientTolerance + slack)) failures.push(`${titleOf(opCase)}: ${gradients.where}`);
  } catch (error) {
    failures.push(`${titleOf(opCase)}: ${(error as Error).message}`);
  }
}
const { adapter, tier, products, features, limits, fallbacks } = backend;
const facts = { adapter, tier, products, features, limits, fallbacks: [...fallbacks] };
console.log(JSON.stringify({ cases: allCases.length, failed: failures.length, failures, ...facts }));
backend.dispose();
process.exitCode = failures.length > 0 ? 1 : 0;
