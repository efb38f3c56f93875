import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { isRunHeld, lockRun } from "./run-lock.ts";

let run: string;
const options = { since: "2026-01-02T00:00:00.000Z" };
beforeEach(async () => void (run = await mkdtemp(join(tmpdir(), "beitjs-lock-"))));
afterEach(() => rm(run, { recursive: true, force: true }));

const lockOf = (holder: object) => writeFile(join(run, "run.lock"), `${JSON.stringify(holder)}\n`);

it("is held by one, and free again after release", async () => {
  const lock = await lockRun(run, options);
  await expect(lockRun(run, options)).rejects.toThrow(
    `a run of process ${process.pid} on ${hostname()} since 2026-01-02`,
  );
  await lock.release();
  await lock.release();
  expect(await readdir(run)).toEqual([]);
  await (await lockRun(run, options)).release();
});

it("tells whether a living process holds a folder, without taking it", async () => {
  expect(await isRunHeld(join(run, "gone"))).toBe(false);
  expect(await isRunHeld(run)).toBe(false);
  const lock = await lockRun(run, options);
  expect(await isRunHeld(run)).toBe(true);
  await lock.release();
  expect(await isRunHeld(run)).toBe(false);
  const { pid } = spawnSync(process.execPath, ["--version"]);
  await lockOf({ pid, host: hostname(), since: options.since });
  expect(await isRunHeld(run)).toBe(false);
  await lockOf({ pid: process.ppid, host: hostname(), since: options.since });
  expect(await isRunHeld(run)).toBe(true);
});

it("knows a folder by another name", async () => {
  const lock = await lockRun(run, options);
  await symlink(run, `${run}-link`);
  await expect(lockRun(`${run}-link`, options)).rejects.toThrow("expected");
  await rm(`${run}-link`);
  await lock.release();
});

it("names another live process", async () => {
  await lockOf({ pid: process.ppid, host: hostname(), since: "2026-01-01T00:00:00.000Z" });
  await expect(lockRun(run, options)).rejects.toThrow(`process ${process.ppid} on ${hostname()} since 2026-01-01`);
});

it("believes a lock of another machine", async () => {
  await lockOf({ pid: process.pid, host: "elsewhere", since: "2026-01-01T00:00:00.000Z" });
  await expect(lockRun(run, options)).rejects.toThrow("on elsewhere");
});

it.each(["a dead process", "this process number in an earlier life", "half a lock"])(
  "takes over from %s",
  async (who) => {
    const dead = spawnSync(process.execPath, ["-e", ""]).pid;
    if (who === "half a lock") await writeFile(join(run, "run.lock"), '{"pid":');
    else
      await lockOf({
        pid: who === "a dead process" ? dead : process.pid,
        host: hostname(),
        since: "2026-01-01T00:00:00.000Z",
      });
    const lock = await lockRun(run, options);
    expect(JSON.parse(await readFile(lock.path, "utf8"))).toMatchObject({ pid: process.pid });
    expect(await readdir(run)).toEqual(["run.lock"]);
    await lock.release();
  },
);

it("goes to one only of many that ask at once, also over a dead lock", async () => {
  await lockOf({
    pid: spawnSync(process.execPath, ["-e", ""]).pid,
    host: hostname(),
    since: "2026-01-01T00:00:00.000Z",
  });
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(run, options)));
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});
