// Builds and packs what would be published: every package and the command line app, as npm itself packs them.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export type Manifest = {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
};

export type Workspace = { readonly folder: string; readonly manifest: Manifest };

export type Tarball = {
  readonly name: string;
  readonly path: string;
  /** Paths inside the package. */
  readonly files: ReadonlyArray<string>;
};

/** The workspaces that are published. */
export function publishedWorkspaces(): Workspace[] {
  return ["packages", "apps"]
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => join(root, parent, name)))
    .filter((folder) => existsSync(join(folder, "package.json")))
    .map((folder) => ({
      folder,
      manifest: JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest,
    }))
    .filter(({ manifest }) => manifest.private !== true);
}

/** Builds them through turbo, which makes nothing again of sources that it has built before. */
export function buildAll(workspaces: ReadonlyArray<Workspace>): void {
  const turbo = join(root, "node_modules/turbo/bin/turbo");
  const filters = workspaces.map(({ manifest }) => `--filter=${manifest.name}`);
  run(process.execPath, [turbo, "run", "build", "--output-logs=errors-only", ...filters], root);
}

/** Packs all of them into `target` with one call of npm. */
export function packAll(workspaces: ReadonlyArray<Workspace>, target: string): Tarball[] {
  mkdirSync(target, { recursive: true });
  const chosen = workspaces.flatMap(({ manifest }) => ["--workspace", manifest.name]);
  const output = run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", target, ...chosen], root);
  const packed = JSON.parse(output) as unknown;
  // npm 11.19 gives an object by package name, older versions an array.
  const entries = Object.values(
    packed as Record<string, { name: string; filename: string; files: { path: string }[] }>,
  );
  return entries.map(({ name, filename, files }) => ({
    name,
    path: join(target, filename),
    files: files.map(({ path }) => path),
  }));
}

/** Flags of `npm install` for projects that a check makes and throws away: no scripts, no talk, no change of their manifest. */
export const quietInstall = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel=error"] as const;

/** Runs a command and gives its standard output; a failure carries everything it printed. */
export function run(command: string, args: ReadonlyArray<string>, folder: string): string {
  // Windows starts no npm without a shell, but npm says where its script is.
  const { npm_execpath: npm } = process.env;
  const [program, all] = command === "npm" && npm ? [process.execPath, [npm, ...args]] : [command, args];
  try {
    return execFileSync(program, all, { cwd: folder, encoding: "utf8", stdio: "pipe", env: cleanEnvironment() });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`[run] ${command} ${args.join(" ")} failed\n${stdout ?? ""}\n${stderr ?? String(error)}`);
  }
}

// `npm test` tells its children which package they belong to; ours belong to another.
function cleanEnvironment(): Record<string, string | undefined> {
  const inherited = /^(?:npm_(?:package|lifecycle|command|config_local_prefix)|INIT_CWD$|NODE_OPTIONS$|VITEST)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name)));
}
