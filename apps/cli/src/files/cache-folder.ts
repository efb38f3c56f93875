// Where a program keeps what it can make again, by the convention of each platform.
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Host } from "../program/host.ts";

/** This program's folder, which may not exist yet. https://specifications.freedesktop.org/basedir-spec */
export function cacheFolder({ env }: Pick<Host, "env">, platform: NodeJS.Platform = process.platform): string {
  if (platform === "win32") return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "beitjs", "Cache");
  if (platform === "darwin") return join(homedir(), "Library", "Caches", "beitjs");
  const chosen = env["XDG_CACHE_HOME"];
  // A relative one is to be ignored.
  return join(chosen !== undefined && isAbsolute(chosen) ? chosen : join(homedir(), ".cache"), "beitjs");
}
