import { spawnSync } from "node:child_process";
import { existsSync, promises as fs } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createWholeFile, sweepPartialFiles, writeWholeFile } from "./whole-file.ts";

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "beitjs-whole-"))));
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});
const at = (...parts: readonly string[]) => join(folder, ...parts);

it("writes text and bytes, in place of what is there and with its rights", async () => {
  await writeWholeFile(at("a.txt"), "grün");
  expect(await readFile(at("a.txt"), "utf8")).toBe("grün");
  await chmod(at("a.txt"), 0o640);
  await writeWholeFile(at("a.txt"), Uint8Array.of(1, 2));
  expect([...(await readFile(at("a.txt")))]).toEqual([1, 2]);
  expect((await stat(at("a.txt"))).mode & 0o777).toBe(0o640);
  expect(await readdir(folder)).toEqual(["a.txt"]);
});

it("has its name only when it is finished, and what was there until then", async () => {
  await writeFile(at("b.bin"), "before");
  const file = await createWholeFile(at("b.bin"));
  await file.write(new TextEncoder().encode("....after"));
  await file.write(new TextEncoder().encode("and "), 0);
  expect(await readFile(at("b.bin"), "utf8")).toBe("before");
  await file.finish();
  expect(await readFile(at("b.bin"), "utf8")).toBe("and after");
  const other = await createWholeFile(at("b.bin"));
  await other.write(Uint8Array.of(1));
  await other.discard();
  await other.discard();
  expect(await readFile(at("b.bin"), "utf8")).toBe("and after");
  expect(await readdir(folder)).toEqual(["b.bin"]);
});

it("is flushed before it is renamed, and its folder after", async () => {
  const handle = await fs.open(folder, "r");
  const order: string[] = [];
  const sync = vi.spyOn(Object.getPrototypeOf(handle) as { sync: () => Promise<void> }, "sync");
  sync.mockImplementation(async () => void order.push("sync"));
  const { rename } = fs;
  vi.spyOn(fs, "rename").mockImplementation(async (...names) => {
    order.push("rename");
    await rename(...names);
  });
  await handle.close();
  await writeWholeFile(at("c.txt"), "c");
  expect(order).toEqual(process.platform === "win32" ? ["sync", "rename"] : ["sync", "rename", "sync"]);
});

it.each(["sync", "rename"])("leaves what was there where %s fails", async (what) => {
  await writeFile(at("d.txt"), "before");
  const fails = () => Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
  const handle = await fs.open(folder, "r");
  if (what === "rename") vi.spyOn(fs, "rename").mockImplementation(fails);
  else vi.spyOn(Object.getPrototypeOf(handle) as { sync: () => Promise<void> }, "sync").mockImplementation(fails);
  await handle.close();
  await expect(writeWholeFile(at("d.txt"), "after")).rejects.toThrow("full");
  expect(await readdir(folder)).toEqual(["d.txt"]);
  expect(await readFile(at("d.txt"), "utf8")).toBe("before");
});

it("is two files of two writers at once, of which the last one has the name", async () => {
  const [one, two] = [await createWholeFile(at("e")), await createWholeFile(at("e"))];
  await Promise.all([one.write(new TextEncoder().encode("one")), two.write(new TextEncoder().encode("two"))]);
  await one.finish();
  await two.finish();
  expect(await readFile(at("e"), "utf8")).toBe("two");
});

it("takes names as long as a file system has", async () => {
  const name = "ü".repeat(127);
  await writeWholeFile(at(name), "x");
  expect(await readdir(folder)).toEqual([name]);
});

it.runIf(process.platform !== "win32")("writes to what a link points at, and through to devices", async () => {
  await mkdir(at("far"));
  await writeFile(at("far", "there"), "before");
  await symlink(at("far", "there"), at("link"));
  await symlink("far/new", at("dangling"));
  await writeWholeFile(at("link"), "after");
  await writeWholeFile(at("dangling"), "new");
  expect(await readFile(at("far", "there"), "utf8")).toBe("after");
  expect(await readFile(at("far", "new"), "utf8")).toBe("new");
  expect((await fs.lstat(at("link"))).isSymbolicLink()).toBe(true);
  await writeWholeFile("/dev/null", "nothing");
  expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
  await expect(writeWholeFile(at("far"), "x")).rejects.toThrow("is a folder");
});

it("sweeps what killed writers have left, not what is being written", async () => {
  const script = `import { createWholeFile } from ${JSON.stringify(fileURLToPath(new URL("./whole-file.ts", import.meta.url)))};
    await createWholeFile(${JSON.stringify(at("f"))});
    process.kill(process.pid, "SIGKILL");`;
  await writeFile(at("run.ts"), script);
  const flags = ["--import", "jiti/register", "--conditions=@beitjs/source", at("run.ts")];
  const cwd = fileURLToPath(new URL("../../../..", import.meta.url));
  const killed = spawnSync(process.execPath, flags, { cwd, encoding: "utf8" });
  expect(killed, killed.stderr).toMatchObject({ signal: "SIGKILL" });
  const [left] = (await readdir(folder)).filter((name) => name.endsWith(".partial"));
  const own = await createWholeFile(at("f"));
  const elsewhere = at("f.00000000-1-0.partial");
  await writeFile(elsewhere, "of another machine");
  await sweepPartialFiles(folder);
  expect(existsSync(at(left))).toBe(false);
  expect(existsSync(elsewhere)).toBe(true);
  await own.finish();
  await fs.utimes(elsewhere, 0, 0);
  await sweepPartialFiles(folder);
  expect((await readdir(folder)).sort()).toEqual(["f", "run.ts"]);
});
