import { describe, expect, it } from "vitest";
import { addressSpace, processorQuota } from "./host-limits.ts";

const files =
  (texts: Record<string, string>) =>
  (path: string): string | undefined =>
    texts[path];

describe("processorQuota", () => {
  it("reads the quota of control groups of version 2, the least on the way to the root", () => {
    const texts = {
      "/proc/self/cgroup": "0::/kubepods/pod7/main\n",
      "/sys/fs/cgroup/kubepods/cpu.max": "800000 100000\n",
      "/sys/fs/cgroup/kubepods/pod7/cpu.max": "250000 100000\n",
      "/sys/fs/cgroup/kubepods/pod7/main/cpu.max": "max 100000\n",
    };
    expect(processorQuota(files(texts))).toBe(2.5);
    expect(processorQuota(files({ ...texts, "/sys/fs/cgroup/kubepods/pod7/cpu.max": "max 100000\n" }))).toBe(8);
  });

  it("finds a container's own group at the root, where its path in the host's tree is not seen", () => {
    const texts = { "/proc/self/cgroup": "0::/docker/4f1c\n", "/sys/fs/cgroup/cpu.max": "50000 100000\n" };
    expect(processorQuota(files(texts))).toBe(0.5);
  });

  it.each(["cpu,cpuacct", "cpu"])("reads the quota of version 1, mounted as %s", (mount) => {
    const texts = {
      "/proc/self/cgroup": "12:memory:/docker/4f1c\n4:cpu,cpuacct:/docker/4f1c\n1:name=systemd:/\n0::/\n",
      [`/sys/fs/cgroup/${mount}/docker/4f1c/cpu.cfs_quota_us`]: "300000\n",
      [`/sys/fs/cgroup/${mount}/docker/4f1c/cpu.cfs_period_us`]: "100000\n",
      [`/sys/fs/cgroup/${mount}/cpu.cfs_quota_us`]: "-1\n",
      [`/sys/fs/cgroup/${mount}/cpu.cfs_period_us`]: "100000\n",
    };
    expect(processorQuota(files(texts))).toBe(3);
  });

  it("knows of none where none is set, none can be read, or the files hold something else", () => {
    expect(processorQuota(files({}))).toBeUndefined();
    expect(
      processorQuota(files({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "max 100000\n" })),
    ).toBeUndefined();
    expect(
      processorQuota(files({ "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "nonsense" })),
    ).toBeUndefined();
    expect(processorQuota(files({ "/proc/self/cgroup": "nonsense" }))).toBeUndefined();
  });
});

describe("addressSpace", () => {
  const limits = (soft: string) =>
    `Limit  Soft Limit  Hard Limit  Units\nMax address space         ${soft}   unlimited  bytes\n`;

  it("reads where it ends, and how much of it is taken", () => {
    const texts = {
      "/proc/self/limits": limits("4096000000"),
      "/proc/self/status": "Name:\tnode\nVmSize:\t  728236 kB\n",
    };
    expect(addressSpace(files(texts))).toEqual({ limit: 4_096_000_000, used: 728236 * 1024 });
  });

  it("knows of no end where none is set", () => {
    expect(addressSpace(files({ "/proc/self/limits": limits("unlimited") }))).toBeUndefined();
    expect(addressSpace(files({}))).toBeUndefined();
  });
});
