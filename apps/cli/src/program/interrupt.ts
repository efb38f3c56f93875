// Ctrl-C and SIGTERM: the first asks the run to save and stop, the second ends the process where it stands.
import { exitCodes, interruptedError } from "./exit-codes.ts";
import type { Host } from "./host.ts";

export interface Interrupt {
  readonly requested: boolean;
  /** Aborted by the first signal; for work that has nothing to save. */
  readonly signal: AbortSignal;
  /** Throws if the run was asked to stop. */
  check(): void;
  /** Stops listening. */
  dispose(): void;
}

/**
 * Milliseconds in which a signal is taken for the same once more: under npm, npx and `timeout` one Ctrl-C arrives twice, from the
 * terminal and from the parent.
 */
const SAME_SIGNAL = 500;

/** Listens to the host's signals until disposed; `tell` says what happens next. */
export function createInterrupt(
  { signals, exit, elapsed }: Host,
  tell: (text: string) => void,
  stopping = "stopping at the next step (a training run saves first); press Ctrl-C again to stop at once",
): Interrupt {
  const controller = new AbortController();
  let asked = -Infinity;
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      if (elapsed() - asked >= SAME_SIGNAL) exit(exitCodes.interrupted);
      return;
    }
    asked = elapsed();
    tell(stopping);
    controller.abort(interruptedError());
  };
  for (const name of ["SIGINT", "SIGTERM"]) signals.on(name, onSignal);
  return {
    get requested() {
      return controller.signal.aborted;
    },
    signal: controller.signal,
    check: () => controller.signal.throwIfAborted(),
    dispose() {
      for (const name of ["SIGINT", "SIGTERM"]) signals.off(name, onSignal);
    },
  };
}

/** For work that sums at once: without a pause now and then no signal would be heard before its end. */
export function pauses({ interrupt }: { readonly interrupt: Pick<Interrupt, "check"> }): () => Promise<void> {
  return async () => {
    await new Promise((resolve) => setImmediate(resolve));
    interrupt.check();
  };
}
