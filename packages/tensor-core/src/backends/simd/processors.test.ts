import { afterEach, expect, it, vi } from "vitest";
import { createSimdBackend } from "./index.ts";
import { availableThreads, offer } from "./processors.ts";

afterEach(() => vi.restoreAllMocks());

const onMachineOf = (processors: number) =>
  vi.spyOn(process.getBuiltinModule("node:os"), "availableParallelism").mockReturnValue(processors);

it("offers all processors, or what a control group grants, and no more than a backend takes", () => {
  expect(offer(96, undefined)).toEqual({ count: 96, reason: "96 processors" });
  expect(offer(96, 128)).toEqual({ count: 96, reason: "96 processors" });
  expect(offer(16, 1.5)).toEqual({
    count: 2,
    reason: "2 processors (of 16; the quota of its control group is 1.5)",
  });
  expect(offer(16, 0.25).count).toBe(1);
  expect(offer(384, undefined)).toEqual({ count: 256, reason: "256 processors (of 384; no more than 256 are used)" });
  expect(offer(384, 300).count).toBe(256);
});

class ReadyWorker {
  on(event: string, listener: () => void): void {
    if (event === "message") queueMicrotask(listener);
  }
  postMessage(): void {}
  unref(): void {}
  terminate(): void {}
}

it("opens a backend on a machine of more than 64 processors", async () => {
  onMachineOf(70);
  expect(availableThreads().count).toBe(70);
  // As many threads as that are started in many-threads.slow.test.ts.
  const threads = process.getBuiltinModule("node:worker_threads") as { Worker: unknown };
  const { Worker } = threads;
  threads.Worker = ReadyWorker;
  try {
    const backend = await createSimdBackend({ build: "base" });
    expect(backend).toMatchObject({ threads: 70, reasons: { threads: "all of 70 processors" } });
    backend.dispose();
  } finally {
    threads.Worker = Worker;
  }
});

it("respects the quota of a container", async () => {
  onMachineOf(16);
  const files = new Map([
    ["/proc/self/cgroup", "0::/\n"],
    ["/sys/fs/cgroup/cpu.max", "150000 100000\n"],
  ]);
  vi.spyOn(process.getBuiltinModule("node:fs"), "readFileSync").mockImplementation(
    (path) => files.get(String(path)) ?? "",
  );
  expect(availableThreads()).toEqual({
    count: 2,
    reason: "2 processors (of 16; the quota of its control group is 1.5)",
  });
});
