// Writes docs/licences.md: everything that our packages and the web app bring along, with its licence, from the lock file.
//   npm run licences                      then npm run format
//   npm run licences -- --check           fails where the page is not what the lock file says, or a licence is not permitted
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

/** What is wrong with the page or with a licence, a line each. */
export function licenceProblems(licences: readonly Licence[], page: string): readonly string[] {
  // The page is formatted after it was written.
  const rowsOf = (text: string): readonly string[] =>
    [...text.matchAll(/^\| (\S+) +\| (\S+) +\| ([^|]+?) +\|/gm)].map(([, ...cells]) => cells.join(" ")).slice(2);
  const [written, wanted] = [new Set(rowsOf(page)), new Set(rowsOf(licencePage(licences)))];
  return [
    ...licences
      .filter(({ licence }) => !permitted.test(licence))
      .map(
        ({ name, version, licence }) => `${name}@${version}: ${licence} is not among the licences that are permitted`,
      ),
    ...[...wanted].filter((row) => !written.has(row)).map((row) => `docs/licences.md lacks: ${row}`),
    ...[...written]
      .filter((row) => !wanted.has(row))
      .map((row) => `docs/licences.md has, and nothing installs: ${row}`),
  ];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const lock = JSON.parse(readFileSync(new URL("package-lock.json", root), "utf8")) as Parameters<typeof licencesOf>[0];
  const licences = licencesOf(lock);
  const path = new URL("docs/licences.md", root);
  if (!process.argv.includes("--check")) writeFileSync(path, licencePage(licences));
  else {
    const problems = licenceProblems(licences, readFileSync(path, "utf8"));
    for (const problem of problems) console.error(problem);
    console.log(`${licences.length} licences, ${problems.length} problems`);
    process.exitCode = problems.length > 0 ? 1 : 0;
  }
}
