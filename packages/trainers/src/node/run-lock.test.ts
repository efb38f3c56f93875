import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { utimesSync } from "node:fs";
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ownIdentity, startOf } from "./process-identity.ts";
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

describe("a holder that cannot be asked", () => {
  const own = { pid: process.pid, host: "here", boot: "boot-2", namespace: "pid:[2]", start: "200" };
  const since = "2026-01-01T00:00:00.000Z";
  const take = (others = {}) => lockRun(run, { ...options, identity: own, listen: 200, ...others });
  /** Touches a lock as its holder does, while `body` lasts. */
  async function beating(body: () => Promise<void>): Promise<void> {
    let count = 0;
    const timer = setInterval(() => utimesSync(join(run, "run.lock"), 1000 + count, 1000 + count++), 20);
    await body().finally(() => clearInterval(timer));
  }
  const others = {
    "another machine": { ...own, host: "elsewhere" },
    "another machine of the same name, or this one before it was started again": { ...own, boot: "boot-1" },
    "another container, also with process 1": { ...own, namespace: "pid:[1]" },
  };

  it.each(Object.entries(others))(
    "of %s, is believed while its lock beats, whatever the clock says",
    async (_, who) => {
      await lockOf({ ...who, since });
      await beating(async () => {
        await expect(take()).rejects.toThrow(`process ${process.pid} on ${who.host} since ${since}; wait for it`);
        await expect(take({ takeOver: true })).rejects.toThrow("wait for it");
      });
    },
  );

  it("of another machine, is left alone when nothing is heard of it, unless a take-over was asked for", async () => {
    await lockOf({ ...others["another machine"], since });
    await expect(take()).rejects.toThrow(
      `got a run of process ${process.pid} on elsewhere since ${since}, of which nothing was heard for 0.2 s; if that machine is gone, ` +
        "take the folder over (--take-over)",
    );
    const lock = await take({ takeOver: true });
    expect(JSON.parse(await readFile(lock.path, "utf8"))).toMatchObject({ ...own, since: options.since });
    expect(await readdir(run)).toEqual(["run.lock"]);
    await lock.release();
    expect(await readdir(run)).toEqual([]);
  });

  it.each(Object.entries(others).slice(1))("of %s, is gone when nothing is heard of it", async (_, who) => {
    await lockOf({ ...who, since });
    await (await take()).release();
  });

  it("is one whose lock a run holds for real", async () => {
    const lock = await lockRun(run, { ...options, identity: { ...own, host: "elsewhere" } });
    await expect(take({ takeOver: true, listen: 5_000 })).rejects.toThrow("on elsewhere since 2026-01-02");
    await lock.release();
    await (await take()).release();
  });
});

it.runIf(process.platform === "linux")("tells a number that was given again by when its process began", async () => {
  const { start, ...own } = ownIdentity();
  expect(start).toMatch(/^\d+$/);
  const parent = { ...own, pid: process.ppid, since: "2026-01-01T00:00:00.000Z" };
  await lockOf({ ...parent, start: startOf(process.ppid) });
  await expect(lockRun(run, options)).rejects.toThrow(`process ${process.ppid}`);
  await lockOf({ ...parent, start: "1" });
  await (await lockRun(run, options)).release();
  await lockOf({ ...own, start: "1", since: parent.since });
  await (await lockRun(run, options)).release();
});

it("goes on where one that took it over was killed before it was done", async () => {
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const content = `${JSON.stringify({ pid: dead, host: hostname(), since: "then" })}\n`;
  const successor = (text: string) => `run.lock.${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
  await writeFile(join(run, "run.lock"), content);
  const second = content.replace("then", "later");
  await writeFile(join(run, successor(content)), second);
  await writeFile(join(run, successor("of a lock that is no more")), second);
  const alive = `${JSON.stringify({ ...ownIdentity(), since: "now" })}\n`;
  await writeFile(join(run, successor(second)), alive);
  expect(await isRunHeld(run)).toBe(true);
  await expect(lockRun(run, options)).rejects.toThrow("since now");
  await rm(join(run, successor(second)));
  expect(await isRunHeld(run)).toBe(false);
  const lock = await lockRun(run, options);
  expect(await readdir(run)).toEqual(["run.lock"]);
  await lock.release();
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

it.each([2, 3, 5, 10])("goes to one only of %i that ask at once, over a dead lock, again and again", async (count) => {
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  for (let round = 0; round < 20; round++) {
    await lockOf({ pid: dead, host: hostname(), since: String(round) });
    const results = await Promise.allSettled(Array.from({ length: count }, () => lockRun(run, options)));
    const taken = results.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(taken).toHaveLength(1);
    await taken[0].release();
    expect(await readdir(run)).toEqual([]);
  }
});

it("goes to one only of many that ask at once, also over a dead lock", async () => {
  await lockOf({
    pid: spawnSync(process.execPath, ["-e", ""]).pid,
    host: hostname(),
    since: "2026-01-01T00:00:00.000Z",
  });
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(run, options)));
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
});
