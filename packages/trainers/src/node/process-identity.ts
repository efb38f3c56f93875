// Which process this is, so that another one can tell later whether it is still there. A number alone does not say it: numbers are
// given again, every container counts from 1, and a folder may be shared by machines.
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

export type ProcessIdentity = {
  readonly pid: number;
  readonly host: string;
  /** Another after each start of the machine. Linux only, as what follows. */
  readonly boot?: string;
  /** Where its number counts. */
  readonly namespace?: string;
  /** When it began, in ticks since the machine started: two processes of one number differ in it. */
  readonly start?: string;
};

export function ownIdentity(): ProcessIdentity {
  const start = startOf(process.pid);
  const boot = read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  const namespace = read(() => readlinkSync("/proc/self/ns/pid"));
  return {
    pid: process.pid,
    host: hostname(),
    ...(boot && { boot }),
    ...(namespace && { namespace }),
    ...(start && { start }),
  };
}

/** When a process of this machine began; none where the system does not say. */
export function startOf(pid: number): string | undefined {
  // The second field is the program's name in parentheses, which may hold anything: what is wanted is the 22nd. (proc_pid_stat(5))
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

/** Whether a process of this number is there, whoever it is. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function read(value: () => string): string | undefined {
  try {
    return value() || undefined;
  } catch {
    return undefined;
  }
}
