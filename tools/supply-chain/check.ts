// What can be wrong with an entry of the lock file: no hash of its content, an address instead of the configured registry, a
// program that runs when it is installed, a version of which an advisory is known.
import { satisfies, valid } from "semver";

type Locked = {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
};
export type Lock = { readonly lockfileVersion?: number; readonly packages: Readonly<Record<string, Locked>> };

export type Advisory = {
  /** GHSA number. */
  readonly id: string;
  readonly package: string;
  /** Versions that it concerns, in npm's syntax of ranges. */
  readonly range: string;
  readonly severity: string;
  readonly title: string;
};
export type AdvisoryFile = {
  /** The day on which a registry was asked about everything that was installed; null as long as none has been. */
  readonly asked: string | null;
  readonly advisories: readonly Advisory[];
};

type Reasons = Readonly<Record<string, string>>;
export type Rules = {
  readonly installScripts: Reasons;
  readonly acceptedAdvisories: Reasons;
  readonly advisories: readonly Advisory[];
};

export type Installed = { readonly name: string; readonly version: string; readonly path: string };

const NODE_MODULES = "node_modules/";
// 64 bytes in base64.
const sha512 = /^sha512-[A-Za-z0-9+/]{86}==$/;

/** Packages from a registry: our own are links. */
export function installedOf({ packages }: Lock): readonly (Installed & Locked)[] {
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes(NODE_MODULES) && link !== true)
    .map(([path, entry]) => {
      const name = path.slice(path.lastIndexOf(NODE_MODULES) + NODE_MODULES.length);
      return { ...entry, name, path, version: entry.version ?? "" };
    });
}

/** Everything that is wrong, a line each. */
export function problemsOf(lock: Lock, rules: Rules): readonly string[] {
  const installed = installedOf(lock);
  return [
    ...(lock.lockfileVersion === 3 ? [] : [`expected lockfileVersion 3, got ${lock.lockfileVersion}`]),
    ...(installed.length > 0 ? [] : ["expected packages in the lock file, got none"]),
    ...installed.flatMap(entryProblems),
    ...scriptProblems(installed, rules.installScripts),
    ...advisoryProblems(installed, rules),
  ];
}

/** Advisories that concern what is installed. */
export function matches(
  installed: readonly Installed[],
  advisories: readonly Advisory[],
): readonly { readonly advisory: Advisory; readonly installed: Installed }[] {
  return advisories.flatMap((advisory) =>
    installed
      .filter(({ name, version }) => name === advisory.package && concerns(advisory, version))
      .map((one) => ({ advisory, installed: one })),
  );
}

function concerns({ range }: Advisory, version: string): boolean {
  return satisfies(version, range, { includePrerelease: true });
}

function entryProblems({ path, version, integrity, resolved }: Installed & Locked): readonly string[] {
  return [
    ...(valid(version) ? [] : [`${path}: expected a version, got ${JSON.stringify(version)}`]),
    ...(sha512.test(integrity ?? "") ? [] : [`${path}: expected a sha512 hash, got ${integrity ?? "none"}`]),
    // npm asks the registry that is configured, as long as the file names none.
    ...(resolved === undefined
      ? []
      : [`${path}: expected no address, got ${resolved}; npm install --omit-lockfile-registry-resolved writes none`]),
  ];
}

function scriptProblems(installed: readonly (Installed & Locked)[], allowed: Reasons): readonly string[] {
  const running = installed.filter(({ hasInstallScript }) => hasInstallScript === true);
  const names = new Set(running.map(({ name }) => name));
  return [
    ...running
      .filter(({ name }) => !Object.hasOwn(allowed, name))
      .map(
        ({ path, version }) =>
          `${path}@${version}: runs a script when it is installed; see whether another package does without`,
      ),
    ...Object.keys(allowed)
      .filter((name) => !names.has(name))
      .map((name) => `${name}: is allowed to run a script when it is installed, and has none: take it from the list`),
  ];
}

function advisoryProblems(
  installed: readonly Installed[],
  { advisories, acceptedAdvisories }: Rules,
): readonly string[] {
  const found = matches(installed, advisories);
  const ids = new Set(found.map(({ advisory }) => advisory.id));
  return [
    ...found
      .filter(({ advisory }) => !Object.hasOwn(acceptedAdvisories, advisory.id))
      .map(
        ({ advisory: { id, severity, title, range }, installed: { path, version } }) =>
          `${path}@${version}: ${id} (${severity}): ${title}; versions ${range}`,
      ),
    ...Object.keys(acceptedAdvisories)
      .filter((id) => !ids.has(id))
      .map((id) => `${id}: is accepted, and concerns nothing that is installed: take it from the list`),
  ];
}
