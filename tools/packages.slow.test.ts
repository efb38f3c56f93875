// The packages as a stranger has them, installed from their tarballs: every entry point in Node, types under both resolutions, bundlers,
// other runtimes.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  createPackageCheck,
  entryPoints,
  importedNames,
  installedMebibytes,
  publishedWorkspaces,
  run,
  typeErrors,
} from "./check-packages.ts";
import type { Resolution } from "./check-packages.ts";
import {
  bundleForCloudflare,
  bundleWithEsbuild,
  bundleWithVite,
  runAsEdgeWorker,
  writeProgram,
} from "./packages/bundles.ts";
import { askWorkerd, installRuntime, runtimes, runWith } from "./packages/runtimes.ts";

// Whichever test comes first builds, packs and installs for all.
const timeout = 600_000;
const workspaces = publishedWorkspaces();
const manifests = workspaces.map(({ manifest }) => manifest);
const specifiers = manifests.flatMap(entryPoints);
const commands = manifests.flatMap(({ bin }) => Object.keys(bin ?? {}));
const check = createPackageCheck(workspaces);
afterAll(() => check.dispose());

describe("in an empty project", () => {
  it.each(specifiers)("imports %s", { timeout }, (specifier) => {
    expect(importedNames(check.consumer(), specifier)).not.toEqual([]);
  });

  it.each(commands)("runs %s --help", { timeout }, (command) => {
    const folder = check.consumer();
    expect(existsSync(join(folder, "node_modules/.bin", command))).toBe(true);
    expect(run(join(folder, "node_modules/.bin", command), ["--help"], folder)).toContain(command);
  });

  it("takes at most 200 MB, GPU driver included", { timeout }, () => {
    const folder = check.consumer();
    expect(existsSync(join(folder, "node_modules/webgpu/dist"))).toBe(true);
    expect(installedMebibytes(folder)).toBeLessThan(200);
  });

  it("says how to get a backend that does not come along", { timeout }, () => {
    const folder = check.consumer();
    const said = run(join(folder, "node_modules/.bin/beit"), ["doctor"], folder);
    expect(said).toContain(
      "--backend tfjs-wasm: @tensorflow/tfjs-core was not found. Install it with: " +
        "npm install @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0.",
    );
  });

  it("runs the demo, which brings its own images", { timeout }, () => {
    const folder = check.consumer();
    const said = run(
      join(folder, "node_modules/.bin/beit"),
      ["demo", "--short", "--out", join(folder, "demo")],
      folder,
    );
    expect(said).toContain("Test accuracy");
    expect(existsSync(join(folder, "demo/report.html"))).toBe(true);
  });

  it.each<Resolution>(["NodeNext", "Bundler"])("type-checks with %s resolution", { timeout }, (resolution) => {
    expect(typeErrors(check.consumer(), specifiers, resolution)).toEqual([]);
  });
});

describe("used by strangers: the same visual tokens everywhere", () => {
  const inNode = () => run(process.execPath, [writeProgram(check.consumer())], check.consumer()).trim();

  it("as modules in Node", { timeout }, () => {
    const ids = JSON.parse(inNode()) as number[];
    expect(ids).toHaveLength(14 * 14);
    expect(new Set(ids).size).toBeGreaterThan(5);
  });

  it("bundled by Vite, the small model in a chunk of its own", { timeout }, async () => {
    const folder = check.consumer();
    const chunks = await bundleWithVite(folder);
    expect([...chunks.values()].filter((code) => /from\s*["']node:/.test(code))).toEqual([]);
    const [entry, ...others] = [...chunks.keys()].sort((a, b) => chunks.get(a)!.length - chunks.get(b)!.length);
    expect(chunks.get(entry)!.length).toBeLessThan(500_000);
    expect(others.length).toBeGreaterThan(0);
    const out = join(folder, "vite");
    for (const [name, code] of chunks) {
      mkdirSync(dirname(join(out, name)), { recursive: true });
      writeFileSync(join(out, name), code);
    }
    const main = [...chunks.keys()].find((name) => /tokens/.test(name)) as string;
    expect(run(process.execPath, [join(out, main)], out).trim()).toBe(inNode());
  });

  it("bundled by esbuild into one file", { timeout }, async () => {
    const folder = check.consumer();
    const code = await bundleWithEsbuild(folder);
    expect(code).not.toMatch(/from\s*["']node:/);
    const file = join(folder, "esbuild.mjs");
    writeFileSync(file, code);
    expect(run(process.execPath, [file], folder).trim()).toBe(inNode());
  });

  it("in a worker that has nothing but the web's globals", { timeout }, async () => {
    expect(await runAsEdgeWorker(check.consumer())).toBe(inNode());
  });

  it.each(runtimes)("in %s", { timeout }, (runtime) => {
    const folder = check.consumer();
    const program = installRuntime(runtime, join(folder, "..", runtime));
    if (program === undefined) {
      console.warn(`[packages] npm gave no ${runtime} for this machine: not tried`);
      return;
    }
    expect(runWith(runtime, program, writeProgram(folder), folder).trim()).toBe(inNode());
  });

  it("in workerd, as a worker of Cloudflare's", { timeout }, async () => {
    const folder = check.consumer();
    const program = installRuntime("workerd", join(folder, "..", "workerd"));
    if (program === undefined) {
      console.warn("[packages] npm gave no workerd for this machine: not tried");
      return;
    }
    const wasm = join(folder, "node_modules/@beitjs/tensor-core/wasm/base.wasm");
    const code = await bundleForCloudflare(folder);
    expect(await askWorkerd(program, code, wasm, join(folder, "..", "worker"))).toBe(inNode());
  });
});
