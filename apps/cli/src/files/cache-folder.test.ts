import { homedir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { cacheFolder } from "./cache-folder.ts";

it.each<[NodeJS.Platform, Record<string, string>, string]>([
  ["linux", { XDG_CACHE_HOME: "/var/cache/me" }, "/var/cache/me/beitjs"],
  ["linux", { XDG_CACHE_HOME: "relative" }, join(homedir(), ".cache", "beitjs")],
  ["freebsd", {}, join(homedir(), ".cache", "beitjs")],
  ["darwin", { XDG_CACHE_HOME: "/x" }, join(homedir(), "Library", "Caches", "beitjs")],
  ["win32", { LOCALAPPDATA: "/Users/me/Local" }, join("/Users/me/Local", "beitjs", "Cache")],
  ["win32", {}, join(homedir(), "AppData", "Local", "beitjs", "Cache")],
])("on %s with %j is %s", (platform, env, expected) => {
  expect(cacheFolder({ env }, platform)).toBe(expected);
});
