// Long sums stop when they are asked to.
import type { Context } from "../program/command.ts";

/** To be called between steps of work that is made at once: without a pause no signal would be heard before the end. */
export function pauses({ interrupt }: Pick<Context, "interrupt">): () => Promise<void> {
  return async () => {
    await new Promise((resolve) => setImmediate(resolve));
    interrupt.check();
  };
}
