// Writes docs/licences.md: everything that our packages and the web app bring along, with its licence, from the lock file.
//   node --import jiti/register tools/licences.ts
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);

type Locked = {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly optional?: boolean;
  readonly dependencies?: object;
  readonly optionalDependencies?: object;
  readonly peerDependenciesMeta?: object;
};
export type Licence = {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly optional: boolean;
};

/** Licences under which others may use, change and sell what contains our packages. */
export const permitted =
  /^(?:\(?(?:MIT|ISC|0BSD|BSD-[23]-Clause|Apache-2\.0|BlueOak-1\.0\.0|CC0-1\.0|Python-2\.0|LGPL-3\.0-or-later)(?: (?:AND|OR) )?\)?)+$/;

/** What is installed with our packages: no development tool, none of our own. */
export function licencesOf(lock: { readonly packages: Readonly<Record<string, Locked>> }): Licence[] {
  const all = Object.values(lock.packages);
  const needed = new Set(
    all.flatMap(({ dependencies = {}, optionalDependencies = {} }) =>
      Object.keys({ ...dependencies, ...optionalDependencies }),
    ),
  );
  // An optional peer that nobody depends on is only installed by who wants it.
  const peers = new Set(all.flatMap(({ peerDependenciesMeta = {} }) => Object.keys(peerDependenciesMeta)));
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  const comesAlong = (path: string): boolean => needed.has(nameOf(path)) || !peers.has(nameOf(path));
  const found = Object.entries(lock.packages)
    .filter(([path, { dev, link }]) => path.includes("node_modules/") && dev !== true && link !== true)
    .filter(([path]) => comesAlong(path))
    .map(([path, { version = "?", license = "unknown", optional = false }]) => ({
      name: nameOf(path),
      version,
      licence: license,
      optional,
    }));
  return found.sort((a, b) => (a.name === b.name ? (a.version < b.version ? -1 : 1) : a.name < b.name ? -1 : 1));
}

export function licencePage(licences: readonly Licence[]): string {
  const rows = licences.map(
    ({ name, version, licence, optional }) => `| ${name} | ${version} | ${licence} | ${optional ? "optional" : ""} |`,
  );
  return `# Licences

beitjs is MIT. What comes along with its packages and its web app, from the lock file; written by \`tools/licences.ts\`. The weights that
ship were trained on pictures listed in [tools/small-models/sources.json](../tools/small-models/sources.json), none of which ship.

| package | version | licence | |
| --- | --- | --- | --- |
${rows.join("\n")}
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(new URL("package-lock.json", root), "utf8")) as Parameters<typeof licencesOf>[0];
  writeFileSync(new URL("docs/licences.md", root), licencePage(licencesOf(lock)));
}
