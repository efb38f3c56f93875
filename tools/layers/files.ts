// Where a file of the repository stands: its workspace, whether tests or benchmarks own it, what its manifest declares.

/** Text of every source file and package.json by path from the repository root, with forward slashes. */
export type FileSet = Readonly<Record<string, string>>;

export type Place = {
  readonly path: string;
  /** `packages/masking`, `apps/cli`, `tools`, or "" for files at the root. */
  readonly workspace: string;
  /** Tests and benchmarks may look into things that the code they check may not. */
  readonly isTest: boolean;
};

export type Violation = { readonly path: string; readonly line: number; readonly message: string };

type Manifest = {
  readonly name?: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>> | string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
};

export function placeOf(path: string): Place {
  const workspace = /^(?:packages|apps)\/[^/]+|^tools(?=\/)/.exec(path)?.[0] ?? "";
  return { path, workspace, isTest: /\.(test|bench)\.tsx?$/.test(path) || path.startsWith(`${workspace}/bench/`) };
}

export function manifestOf(files: FileSet, workspace: string): Manifest {
  // Tools have no manifest of their own: theirs is the root's.
  const path = workspace === "tools" || workspace === "" ? "package.json" : `${workspace}/package.json`;
  return JSON.parse(files[path] ?? "{}") as Manifest;
}

/** Workspace by package name. */
export function packageNames(files: FileSet): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const path of Object.keys(files)) {
    const workspace = /^((?:packages|apps)\/[^/]+)\/package\.json$/.exec(path)?.[1];
    const name = workspace === undefined ? undefined : manifestOf(files, workspace).name;
    if (workspace !== undefined && name !== undefined) names.set(name, workspace);
  }
  return names;
}

/** `@scope/name/sub` to name and sub-path ("." for the package itself). */
export function splitSpecifier(specifier: string): { readonly name: string; readonly subpath: string } {
  // What follows is for bundlers: `model.bin?url`.
  const [path] = specifier.split("?");
  const parts = path.split("/");
  const name = parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  return { name, subpath: `.${path.slice(name.length)}` };
}

/** The path a relative specifier means. */
export function resolveRelative(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
