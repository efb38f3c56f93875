// The one thing of a worker's world that workers here use; the repository is not typed for the browser.
type WorkerScope = { postMessage(message: unknown): void };

/** Tells the page what came out. */
export function post(message: unknown): void {
  (globalThis as unknown as WorkerScope).postMessage(message);
}
