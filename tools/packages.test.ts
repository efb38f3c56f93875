// The packages as npm would publish them: what is in them, and their manifests. What they are to a stranger who installs them is
// asked in packages.slow.test.ts.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createPackageCheck, entryPoints, lintTarball, publishedWorkspaces } from "./check-packages.ts";

// Whichever test comes first packs, and builds where that is needed.
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
      "@beitjs/onnx",
      "@beitjs/tensor-core",
      "@beitjs/trainers",
    ]),
  );
  expect(specifiers.length).toBeGreaterThanOrEqual(5);
  expect(commands).toEqual(["beit"]);
});

describe.each(workspaces.map(({ folder, manifest }) => [manifest.name, folder, manifest] as const))(
  "%s",
  (name, folder, manifest) => {
    it("packs what it needs", { timeout }, () => {
      const { files } = check.tarball(name);
      expect(files).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE"]));
      expect(files.some((path) => path.startsWith("dist/") && path.endsWith(".js"))).toBe(true);
      expect(files.some((path) => path.startsWith("dist/") && path.endsWith(".d.ts"))).toBe(true);
    });

    // Sources would be read through maps alone, and each would double a package.
    it("packs no tests, no cases of tests, no sources and no maps", { timeout }, () => {
      const { files } = check.tarball(name);
      const unwanted = /\.(?:test|cases)\.|all-cases|\.map$|^src\/|\.tsbuildinfo$|node_modules|\.log$/;
      expect(files.filter((path) => unwanted.test(path))).toEqual([]);
    });

    it("names no map in its scripts and types", { timeout }, () => {
      const texts = check.tarball(name).files.filter((path) => /^dist\/.*\.(?:js|d\.ts)$/.test(path));
      expect(texts.filter((path) => readFileSync(join(folder, path), "utf8").includes("sourceMappingURL"))).toEqual([]);
    });

    it("has nothing that publint objects to", { timeout }, async () => {
      expect(await lintTarball(manifest, check.tarball(name))).toEqual([]);
    });
  },
);
