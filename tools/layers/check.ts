// Holds a set of files against the walls of walls.ts. A pure function of paths and texts, so that its tests need no disk.
import { builtinModules } from "node:module";
import { findCycles } from "./cycles.ts";
import { manifestOf, packageNames, placeOf, resolveRelative, splitSpecifier } from "./files.ts";
import type { FileSet, Place, Violation } from "./files.ts";
import { readSource } from "./source.ts";
import type { Import, Source } from "./source.ts";
import { arrows, backendFree, backendSources, globalWalls, importWalls, innerWalls } from "./walls.ts";

/** Every place where a file crosses a wall, and every knot of modules that import each other. */
export function checkLayers(files: FileSet): Violation[] {
  const names = packageNames(files);
  const violations: Violation[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, text] of Object.entries(files)) {
    if (!/\.tsx?$/.test(path) || path.endsWith(".d.ts")) continue;
    const place = placeOf(path);
    const source = readSource(path, text);
    const report = (line: number, message: string) => violations.push({ path, line, message });
    for (const found of source.imports) {
      for (const message of importFaults(files, names, place, found)) report(found.line, message);
    }
    reportGlobals(place, source, report);
    const values = source.imports.filter(({ typeOnly }) => !typeOnly);
    graph.set(path, [...new Set(values.map(({ specifier }) => resolve(files, names, path, specifier)))].filter(isText));
  }
  for (const loop of findCycles(graph)) {
    violations.push({ path: loop[0], line: 1, message: `modules import each other: ${loop.join(" -> ")}` });
  }
  return violations.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
}

const isText = (value: string | undefined): value is string => value !== undefined;

function importFaults(files: FileSet, names: ReadonlyMap<string, string>, place: Place, found: Import): string[] {
  const specifier = builtinModules.includes(found.specifier) ? `node:${found.specifier}` : found.specifier;
  const faults = importWalls
    .filter((wall) => wall.specifier.test(specifier) && !isAllowed(wall, place))
    .map(({ reason }) => `imports ${specifier}: ${reason}`);
  if (specifier.startsWith(".")) return [...faults, ...relativeFaults(place, specifier)];
  if (specifier.startsWith("node:")) return faults;
  const { name } = splitSpecifier(specifier);
  const workspace = names.get(name);
  if (workspace !== undefined) return [...faults, ...packageFaults(files, place, specifier, workspace)];
  return place.isTest || isDeclared(files, place, name)
    ? faults
    : [...faults, `imports ${name}, which its package.json does not declare`];
}

function relativeFaults(place: Place, specifier: string): string[] {
  const target = resolveRelative(place.path, specifier);
  const workspace = placeOf(target).workspace;
  // Tools and what stands at the root see everything; nobody sees them.
  const crosses = workspace !== place.workspace && place.workspace !== "tools" && place.workspace !== "";
  if (crosses) return [`imports ${specifier}: packages meet at package names, and nobody imports tools`];
  if (place.isTest) return [];
  return innerWalls
    .filter(({ from, to }) => from.test(place.path) && to.test(target))
    .map(({ reason }) => `imports ${specifier}: ${reason}`);
}

function packageFaults(files: FileSet, place: Place, specifier: string, workspace: string): string[] {
  const { subpath } = splitSpecifier(specifier);
  const entry = manifestOf(files, workspace).exports?.[subpath];
  const faults: string[] = [];
  if (workspace.startsWith("apps/")) faults.push(`imports ${specifier}: nobody imports an app`);
  else if (entry === undefined) faults.push(`imports ${specifier}, which is not exported`);
  if (workspace === place.workspace) {
    if (!place.isTest) faults.push(`imports ${specifier}: inside a package, imports are relative`);
    return faults;
  }
  const allowed = arrows[place.workspace];
  if (allowed !== undefined && !allowed.some((name) => specifier === name || specifier.startsWith(`${name}/`))) {
    faults.push(`imports ${specifier}: ${place.workspace} may import ${allowed.join(", ") || "no other package"}`);
  }
  const source = typeof entry === "object" ? (entry["@beitjs/source"] ?? "") : "";
  if (backendFree.includes(place.workspace) && !place.isTest && backendSources.test(source)) {
    faults.push(`imports ${specifier}: model code is free of backends`);
  }
  if (!place.isTest && !isDeclared(files, place, splitSpecifier(specifier).name)) {
    faults.push(`imports ${specifier}, which its package.json does not declare`);
  }
  return faults;
}

function isDeclared(files: FileSet, { workspace }: Place, name: string): boolean {
  const { dependencies, peerDependencies, devDependencies, private: kept } = manifestOf(files, workspace);
  // What is published needs its dependencies at run time; tools, root files and private apps run in the repository only.
  const isWorkspace = workspace.startsWith("packages/") || workspace.startsWith("apps/");
  const published = isWorkspace && kept !== true;
  const declared = { ...dependencies, ...peerDependencies, ...(published ? {} : devDependencies) };
  return Object.hasOwn(declared, name) || (!isWorkspace && name.startsWith("@beitjs/"));
}

function isAllowed(wall: { readonly allowed: RegExp; readonly testsExempt: boolean }, place: Place): boolean {
  return wall.allowed.test(place.path) || (wall.testsExempt && place.isTest) || place.workspace === "";
}

function reportGlobals(place: Place, source: Source, report: (line: number, message: string) => void): void {
  for (const { name, line } of source.globals) {
    for (const wall of globalWalls) {
      if (wall.name.test(name) && !isAllowed(wall, place)) report(line, `uses ${name}: ${wall.reason}`);
    }
  }
}

// The module that an import means, where it is one of ours: by path, or by the sources that a package's exports name.
function resolve(
  files: FileSet,
  names: ReadonlyMap<string, string>,
  from: string,
  specifier: string,
): string | undefined {
  if (specifier.startsWith(".")) {
    const path = resolveRelative(from, specifier);
    return path in files ? path : undefined;
  }
  const { name, subpath } = splitSpecifier(specifier);
  const workspace = names.get(name);
  const entry = workspace === undefined ? undefined : manifestOf(files, workspace).exports?.[subpath];
  if (workspace === undefined || typeof entry !== "object") return undefined;
  const path = resolveRelative(`${workspace}/package.json`, entry["@beitjs/source"] ?? "");
  return path in files ? path : undefined;
}
