// What a stranger gets who installs our packages from npm: built, packed, linted, installed into an empty project, imported.
// Slow steps run once and are shared; tools/packages.test.ts asks the questions.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { installTarballs } from "./packages/consumer.ts";
import { buildAll, packAll } from "./packages/publish.ts";
import type { Manifest, Tarball, Workspace } from "./packages/publish.ts";

export { entryPoints, importedNames, installedMebibytes, typeErrors } from "./packages/consumer.ts";
export { publishedWorkspaces, run } from "./packages/publish.ts";
export type { Resolution } from "./packages/consumer.ts";

export interface PackageCheck {
  /** The tarball of a package; builds and packs all of them on first use. */
  tarball(name: string): Tarball;
  /** The project with every tarball installed; installs on first use. */
  consumer(): string;
  dispose(): void;
}

export function createPackageCheck(workspaces: ReadonlyArray<Workspace>): PackageCheck {
  const folder = mkdtempSync(join(tmpdir(), "beitjs-packages-"));
  const consumer = join(folder, "consumer");
  const packed = once(() => {
    buildAll(workspaces);
    return packAll(workspaces, join(folder, "tarballs"));
  });
  const installed = once(() => installTarballs(consumer, packed()));
  return {
    tarball(name) {
      const found = packed().find((tarball) => tarball.name === name);
      if (found === undefined) throw new Error(`[tarball] expected ${name} to be packed, got nothing`);
      return found;
    },
    consumer() {
      installed();
      return consumer;
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What publint says about a tarball, suggestions included, one sentence each. */
export async function lintTarball(manifest: Manifest, tarball: Tarball): Promise<string[]> {
  const bytes = new Uint8Array(readFileSync(tarball.path));
  const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer } });
  return messages.map((message) => `${manifest.name}: ${formatMessage(message, pkg, { color: false })}`);
}

// The first outcome for every caller, a failure included: five tests need not wait five times for one broken build.
function once<T>(make: () => T): () => T {
  let outcome: { readonly value: T } | { readonly error: unknown } | undefined;
  return () => {
    try {
      outcome ??= { value: make() };
    } catch (error) {
      outcome = { error };
    }
    if ("error" in outcome) throw outcome.error;
    return outcome.value;
  };
}
