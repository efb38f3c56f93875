// The packages as npm would publish them: contents, manifest, every entry point in Node, types under both resolutions.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  createPackageCheck,
  entryPoints,
  importedNames,
  lintTarball,
  publishedWorkspaces,
  run,
  typeErrors,
} from "./check-packages.ts";
import type { Resolution } from "./check-packages.ts";

// Whichever test comes first builds, packs and installs for all.
const timeout = 600_000;
const workspaces = publishedWorkspaces();
const manifests = workspaces.map(({ manifest }) => manifest);
const specifiers = manifests.flatMap(entryPoints);
const commands = manifests.flatMap(({ bin }) => Object.keys(bin ?? {}));
const check = createPackageCheck(workspaces);
afterAll(() => check.dispose());

it("finds the packages and the command line app", () => {
  expect(manifests.map(({ name }) => name)).toEqual(
    expect.arrayContaining([
      "@beitjs/beit-encoder",
      "@beitjs/cli",
      "@beitjs/dvae-tokenizer",
      "@beitjs/masking",
      "@beitjs/tensor-core",
      "@beitjs/trainers",
    ]),
  );
  expect(specifiers.length).toBeGreaterThanOrEqual(5);
  expect(commands).toEqual(["beit"]);
});

describe.each(manifests.map((manifest) => [manifest.name, manifest] as const))("%s", (name, manifest) => {
  it("packs what it needs and no tests", { timeout }, () => {
    const { files } = check.tarball(name);
    expect(files).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE"]));
    expect(files.some((path) => path.startsWith("dist/") && path.endsWith(".js"))).toBe(true);
    expect(files.filter((path) => /\.test\.|\.tsbuildinfo$|node_modules|\.log$/.test(path))).toEqual([]);
  });

  it("has nothing that publint objects to", { timeout }, async () => {
    expect(await lintTarball(manifest, check.tarball(name))).toEqual([]);
  });
});

describe("in an empty project", () => {
  it.each(specifiers)("imports %s", { timeout }, (specifier) => {
    expect(importedNames(check.consumer(), specifier)).not.toEqual([]);
  });

  it.each(commands)("runs %s --help", { timeout }, (command) => {
    const folder = check.consumer();
    expect(existsSync(join(folder, "node_modules/.bin", command))).toBe(true);
    expect(run(join(folder, "node_modules/.bin", command), ["--help"], folder)).toContain(command);
  });

  it.each<Resolution>(["NodeNext", "Bundler"])("type-checks with %s resolution", { timeout }, (resolution) => {
    expect(typeErrors(check.consumer(), specifiers, resolution)).toEqual([]);
  });
});
