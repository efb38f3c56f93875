// A release without publishing: in a copy of the last commit, changesets makes versions and changelogs, and npm packs every package as it
// would publish it. Prints what would go out and what is left to the owner, and fails when something of ours is missing.
//   npm run release:check
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { leftToOwner, type PublishedManifest } from "./left-to-owner.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "beitjs-release-"));
const run = (command: string, ...args: readonly string[]): string =>
  execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

type Manifest = PublishedManifest & {
  readonly version: string;
  readonly private?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean };
};

function expectTrue(holds: boolean, message: string): void {
  if (!holds) throw new Error(`[release-check] expected ${message}`);
}

try {
  execFileSync("git", ["clone", "--quiet", "--depth", "1", `file://${root}`, folder], { stdio: "inherit" });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  run("npx", "--no-install", "changeset", "version");
  const unused = readdirSync(join(folder, ".changeset")).filter((name) => name.endsWith(".md") && name !== "README.md");
  expectTrue(unused.length === 0, `every changeset used, got ${unused.join(", ")} left`);
  const workspaces = ["packages", "apps"].flatMap((kind) =>
    readdirSync(join(folder, kind)).map((name) => `${kind}/${name}`),
  );
  const manifests = workspaces.map(
    (path) => [path, JSON.parse(readFileSync(join(folder, path, "package.json"), "utf8")) as Manifest] as const,
  );
  const published = manifests.filter(([, manifest]) => manifest.private !== true);
  const versions = new Set(published.map(([, { version }]) => version));
  expectTrue(versions.size === 1, `one version for all, got ${[...versions].join(", ")}`);
  const [version] = versions;
  for (const [path, { name, dependencies = {}, publishConfig }] of published) {
    const internal = Object.entries(dependencies).filter(([dependency]) => dependency.startsWith("@beitjs/"));
    expectTrue(
      internal.every(([, range]) => range === version),
      `${name} to depend on ${version} of the others, got ${JSON.stringify(internal)}`,
    );
    expectTrue(publishConfig?.access === "public", `public access of ${name}`);
    // Only a supported CI can give it: the release workflow asks for it, and elsewhere npm refuses to publish.
    expectTrue(publishConfig?.provenance === undefined, `no provenance in the manifest of ${name}`);
    expectTrue(existsSync(join(folder, path, "CHANGELOG.md")), `a changelog of ${name}`);
    const changelog = readFileSync(join(folder, path, "CHANGELOG.md"), "utf8");
    expectTrue(changelog.includes(`## ${version}`), `${version} in the changelog of ${name}`);
    const lines = changelog.split("\n").filter((line) => line.startsWith("- ")).length;
    process.stdout.write(`${name}@${version}: changelog with ${lines} entries\n`);
  }
  process.stdout.write(`${published.length} packages would be released as ${version}\n`);
  const policy = readFileSync(join(folder, "SECURITY.md"), "utf8");
  const left = leftToOwner(
    published.map(([, manifest]) => manifest),
    policy,
  );
  process.stdout.write(`\nLeft to the owner:\n${left.map((text) => `- ${text}\n`).join("")}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
