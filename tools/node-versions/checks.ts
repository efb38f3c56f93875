// What has to hold in every Node that packages name in `engines`, and in one that is older. Each check runs a process of that
// Node, and throws with all that it said where it does not hold.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root, run } from "../packages/publish.ts";

const beit = join(root, "apps/cli/bin/beit.js");

type DoctorEvent = {
  readonly event: string;
  readonly backends: readonly {
    readonly name: string;
    readonly facts?: { readonly build?: string };
    readonly precisions?: readonly string[];
  }[];
};

/** Every backend that is there passes its self-test, and simd has all its precisions. */
export function checkDoctor(node: string): string {
  const lines = run(node, [beit, "doctor", "--json"], root).split("\n");
  return readDoctor(lines.find((line) => line.includes('"event":"doctor"')) ?? "{}");
}

/** One sentence about what `doctor` has found. */
export function readDoctor(line: string): string {
  const { backends = [] } = JSON.parse(line) as Partial<DoctorEvent>;
  const simd = backends.find(({ name }) => name === "simd");
  const precisions = simd?.precisions ?? [];
  if (!precisions.includes("int8")) {
    throw new Error(`[readDoctor] expected simd with float32, int16 and int8, got ${JSON.stringify(simd)}`);
  }
  return `doctor: simd, ${simd?.facts?.build} build, ${precisions.join(", ")}`;
}

/** The simd kernels agree with the reference, on one thread, in every build and precision. */
export function checkConformance(node: string): string {
  const test = "packages/tensor-core/src/backends/conformance.test.ts";
  const vitest = [join(root, "node_modules/vitest/vitest.mjs"), "run", test, "-t", '^simd .*"threads":1'];
  return `conformance: ${readSummary(run(node, vitest, root))} cases`;
}

/** How many tests passed, by the last line of a run; that some did, and none failed, is checked. */
export function readSummary(output: string): number {
  const [passed = 0, failed = 1] = (/^(\d+) passed, (\d+) failed/m.exec(output) ?? []).slice(1).map(Number);
  if (passed > 0 && failed === 0) return passed;
  throw new Error(`[readSummary] expected passed tests and no failed one, got\n${output}`);
}

/** The demo in its short form comes to its end. */
export function checkDemo(node: string, folder: string): string {
  run(node, [beit, "demo", "--short", "--out", folder], root);
  return `demo: weights ${weightsHash(folder).slice(0, 16)}`;
}

/** One hash of all weights in a run folder. */
export function weightsHash(folder: string): string {
  const hash = createHash("sha256");
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".safetensors"),
  );
  if (files.length === 0) throw new Error(`[weightsHash] expected weights, got none in ${folder}`);
  for (const path of files.sort()) hash.update(path.replaceAll("\\", "/")).update(readFileSync(join(folder, path)));
  return hash.digest("hex");
}

/** A Node that is too old says which it should be, in one line. */
export function checkRefusal(node: string): string {
  const { status, stderr } = spawnSync(node, [beit, "--version"], { encoding: "utf8" });
  const said = stderr.trim();
  if (status === 1 && /^beit: expected Node \S+ or newer, got \S+; .*$/.test(said)) return said;
  throw new Error(`[checkRefusal] expected one sentence and status 1, got status ${status} and\n${stderr}`);
}
