// What happens to callers when threads are many, do not start, end, or fail.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { relu } from "../../ops/relu.ts";
import { tensor } from "../../tensor.ts";
import { createSimdBackend } from "./index.ts";
import { availableThreads } from "./processors.ts";

// Whether backends take the host for a browser.
const host = vi.hoisted(() => ({ isBrowser: false }));
vi.mock("../../host.ts", async (original) => {
  const real = await original<typeof import("../../host.ts")>();
  return { ...real, nodeProcess: () => (host.isBrowser ? undefined : real.nodeProcess()) };
});

const length = 2 ** 20;
const negatives = new Float32Array(length).fill(-1);

type Started = { terminate(): unknown; on(event: string, listener: (value: unknown) => void): void };
type Constructor = new (...args: unknown[]) => Started;

// Node's own module, as backends get it, so that a test has the threads in its hand.
const threadModule = process.getBuiltinModule("node:worker_threads") as unknown as { Worker: Constructor };
const { Worker } = threadModule;
let started: Started[] = [];

beforeEach(() => {
  started = [];
  threadModule.Worker = class extends Worker {
    constructor(...args: unknown[]) {
      super(...args);
      started.push(this);
    }
  };
});
afterEach(() => {
  threadModule.Worker = Worker;
  host.isBrowser = false;
  vi.unstubAllGlobals();
});

describe("a thread that has ended", () => {
  it("is named to whoever waits for it, when nobody could be told of its end before", async () => {
    const backend = await createSimdBackend({ threads: 3, build: "base" });
    const x = tensor(negatives, [length], backend);
    relu(x).dispose();
    void started[1].terminate();
    expect(() => {
      for (let i = 0; i < 10_000; i++) relu(x).dispose();
    }).toThrow(/^\[simd\] expected thread 2 of 3 to finish its part, got its end; .*create another/);
    expect(() => relu(x)).toThrow("thread 2 of 3"); // and the next does not wait again
    backend.dispose();
  });

  it("is named at once when its end was told", async () => {
    const backend = await createSimdBackend({ threads: 2, build: "base" });
    const x = tensor(negatives, [length], backend);
    await started[0].terminate();
    expect(() => relu(x)).toThrow("[simd] expected thread 1 of 2 to live, got its end: it exited with code 1");
    expect(() => relu(tensor([1], [1], backend))).toThrow("thread 1 of 2"); // work of one range is refused, too
    expect(x.readSync()[0]).toBe(-1); // what was computed can be saved
    backend.dispose();
  });
});

describe("threads that do not start", () => {
  const refuse = (error: Error) => {
    threadModule.Worker = class {
      constructor() {
        throw error;
      }
    } as unknown as Constructor;
  };

  it("leave one, and the reason, where no number was asked for", async () => {
    vi.spyOn(process.getBuiltinModule("node:os"), "availableParallelism").mockReturnValue(4);
    refuse(new Error("Access to this API has been restricted"));
    const backend = await createSimdBackend({ build: "base" });
    vi.restoreAllMocks();
    expect(backend.threads).toBe(1);
    expect(backend.reasons.threads).toBe("one, as threads do not start here: Access to this API has been restricted");
    expect(relu(tensor([-1, 2], [2], backend)).readSync()).toEqual(Float32Array.of(0, 2));
    expect(backend.memory().tensors).toBe(2);
    backend.dispose();
  });

  it("are an error where a number was asked for", async () => {
    refuse(new Error("Access to this API has been restricted"));
    await expect(createSimdBackend({ threads: 2, build: "base" })).rejects.toThrow(
      "[createSimdBackend] expected to start 2 threads, got: Access to this API has been restricted; where no number is given it goes on with one",
    );
  });

  it("end those that did", async () => {
    const ends: Promise<unknown>[] = [];
    let count = 0;
    threadModule.Worker = class extends Worker {
      constructor(source: string, options: object) {
        super(++count === 2 ? "process.exit(3)" : source, options);
        if (count === 1) ends.push(new Promise((resolve) => this.on("exit", resolve)));
      }
    } as unknown as Constructor;
    await expect(createSimdBackend({ threads: 3, build: "base" })).rejects.toThrow("got: it exited with code 3");
    expect(await Promise.all(ends)).toEqual([1]);
  });

  it("are looked for among those of browsers where Node's module refuses, as in Electron's renderer", async () => {
    refuse(new Error("The V8 platform used by this instance of Node does not support creating Workers"));
    const posted: unknown[] = [];
    class WebWorker {
      onmessage: (() => void) | null = null;
      postMessage(message: unknown): void {
        posted.push(message);
        queueMicrotask(() => this.onmessage?.());
      }
      terminate(): void {}
    }
    vi.stubGlobal("Worker", WebWorker);
    const backend = await createSimdBackend({ threads: 2, build: "base" });
    expect(backend.threads).toBe(2);
    expect(posted).toMatchObject([{ thread: 1 }]);
    backend.dispose();
  });
});

describe("in a browser", () => {
  const inBrowser = async (globals: Record<string, unknown>, options = {}): Promise<[number, string]> => {
    for (const [name, value] of Object.entries({ navigator: { hardwareConcurrency: 4 }, ...globals })) {
      vi.stubGlobal(name, value);
    }
    host.isBrowser = true;
    const backend = await createSimdBackend({ build: "base", ...options });
    backend.dispose();
    return [backend.threads, backend.reasons.threads];
  };

  it("goes on with one thread where there is no Worker, as in a service worker, or no Blob", async () => {
    expect(await inBrowser({})).toEqual([1, "one, as threads do not start here: this host has no Worker"]);
    expect(await inBrowser({ Worker: class {}, Blob: undefined })).toEqual([
      1,
      "one, as threads do not start here: this host has no Blob",
    ]);
  });

  it("goes on with one thread where a content security policy forbids workers of blobs", async () => {
    class Thrown {
      constructor() {
        throw new Error("Failed to construct 'Worker': Access to the script at 'blob:…' is denied by the policy");
      }
    }
    expect((await inBrowser({ Worker: Thrown }))[1]).toMatch(/^one, as threads do not start here: Failed to construct/);
    class Reported {
      onerror: ((event: object) => void) | null = null;
      postMessage(): void {
        queueMicrotask(() => this.onerror?.({}));
      }
      terminate(): void {}
    }
    expect((await inBrowser({ Worker: Reported }))[1]).toMatch(/a content security policy needs worker-src blob:$/);
    await expect(inBrowser({ Worker: Reported }, { threads: 2 })).rejects.toThrow("expected to start 2 threads");
  });

  it("offers no more threads than are taken, whatever the browser says of processors", () => {
    vi.stubGlobal("navigator", { hardwareConcurrency: 384 });
    host.isBrowser = true;
    expect(availableThreads()).toEqual({ count: 256, reason: "256 processors (of 384; no more than 256 are used)" });
  });
});
