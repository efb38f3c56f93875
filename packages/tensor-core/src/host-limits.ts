// What Linux lets this process have, as far as its files say: a control group's share of the processors (containers), which
// `os.availableParallelism` of Node 20 does not know, and an end to the address space (`ulimit -v`).
import { nodeModule, nodeProcess } from "./host.ts";

/** The text of a file of the system; undefined where there is none, or where it may not be read. */
export type ReadText = (path: string) => string | undefined;

/** Processors that the control groups of this process grant it, such as 1.5; undefined where none sets a limit. */
export function processorQuota(read: ReadText = readSystemFile): number | undefined {
  const quotas = linesOf(read("/proc/self/cgroup")).flatMap((line) => {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === "") return foldersOf(path).map((folder) => quotaV2(read(`/sys/fs/cgroup${folder}/cpu.max`)));
    if (!controllers.split(",").includes("cpu")) return [];
    return [...new Set([controllers, "cpu"])].flatMap((mount) =>
      foldersOf(path).map((folder) => quotaV1(read, `/sys/fs/cgroup/${mount}${folder}`)),
    );
  });
  const least = Math.min(...quotas.filter((quota) => quota !== undefined && quota > 0).map(Number));
  return Number.isFinite(least) ? least : undefined;
}

/** Bytes of address space: the end that is set to it, and how much is taken. Undefined where no end is set. */
export function addressSpace(
  read: ReadText = readSystemFile,
): { readonly limit: number; readonly used: number } | undefined {
  const limit = /^Max address space\s+(\d+)/m.exec(read("/proc/self/limits") ?? "")?.[1];
  if (limit === undefined) return undefined;
  const kibibytes = /^VmSize:\s+(\d+) kB/m.exec(read("/proc/self/status") ?? "")?.[1];
  return { limit: Number(limit), used: Number(kibibytes ?? 0) * 1024 };
}

// A folder and those above it, as every one of them may limit; in a container only the uppermost may be seen.
function foldersOf(path: string): string[] {
  const names = path.split("/").filter((name) => name !== "");
  return [...names.keys(), names.length].map((count) =>
    names
      .slice(0, count)
      .map((name) => `/${name}`)
      .join(""),
  );
}

/** `quota period` in microseconds, or `max period`. */
function quotaV2(text: string | undefined): number | undefined {
  const [quota, period] = (text ?? "").trim().split(/\s+/).map(Number);
  return quota > 0 && period > 0 ? quota / period : undefined;
}

function quotaV1(read: ReadText, folder: string): number | undefined {
  const quota = Number(read(`${folder}/cpu.cfs_quota_us`) ?? -1);
  const period = Number(read(`${folder}/cpu.cfs_period_us`) ?? 0);
  return quota > 0 && period > 0 ? quota / period : undefined;
}

function linesOf(text: string | undefined): string[] {
  return (text ?? "").split("\n");
}

function readSystemFile(path: string): string | undefined {
  if (nodeProcess()?.getBuiltinModule === undefined) return undefined;
  try {
    return nodeModule("node:fs").readFileSync(path, "utf8");
  } catch {
    return undefined; // another system, or a process that may not read it
  }
}
