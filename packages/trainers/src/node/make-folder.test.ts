import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { diskStorage, makeFolder } from "./index.ts";

// Where a folder may be made is the system's to say: tests may run as root, to whom nothing is forbidden.
const disk = vi.hoisted(() => ({ readOnly: false }));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const mkdir = async (path: string, options?: { readonly recursive?: boolean }): Promise<string | undefined> => {
    if (!disk.readOnly) return real.mkdir(path, options);
    // As Node 20 to 24 answer on a read-only file system.
    const code = options?.recursive ? "ENOENT" : "EROFS";
    throw Object.assign(new Error(`${code}: mkdir '${path}'`), { code });
  };
  return { ...real, mkdir };
});

let folder = "";
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "beitjs-folder-"))));
afterEach(async () => {
  disk.readOnly = false;
  await rm(folder, { recursive: true });
});

it("makes a folder and those above it, and leaves one that is there", async () => {
  await makeFolder(join(folder, "a", "b"));
  await makeFolder(join(folder, "a", "b"));
  expect((await stat(join(folder, "a", "b"))).isDirectory()).toBe(true);
});

it.each([["makeFolder", makeFolder] as const, ["diskStorage", diskStorage.makeFolder] as const])(
  "%s says of a read-only file system that it is one, and names the folder that cannot be made",
  async (_, make) => {
    disk.readOnly = true;
    await expect(make(join(folder, "a", "b"))).rejects.toThrow(`EROFS: mkdir '${join(folder, "a")}'`);
  },
);
