// The page's end of a worker.
import { wrap, type Remote } from "comlink";

/** Starts one and gives its API once it listens, wrapped: a remote answers to every name, so a promise of it would call its `then`. */
export function startWorker<Api>(name: "engine" | "trainer"): Promise<{ readonly remote: Remote<Api> }> {
  // Vite finds workers by this very form, so the name cannot be a variable.
  const worker =
    name === "engine"
      ? new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "engine" })
      : new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "trainer" });
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", () => resolve({ remote: wrap<Api>(worker) }), { once: true });
    worker.addEventListener(
      "error",
      ({ message }) => reject(new Error(`[startWorker] expected ${name} to start, got ${message || "an error"}`)),
      { once: true },
    );
  });
}
