// In development (NODE_ENV=development, in Node), a word about tensors that were collected without having been disposed: their
// memory in the backend never comes back. Elsewhere nobody watches, and a tensor costs what it did.
import type { Backend } from "./backend.ts";
import { nodeProcess } from "./host.ts";

type Watched = { readonly shape: readonly number[]; readonly dtype: string; readonly backend: Backend };
/** What is left of a tensor; it must not hold the backend, whose tensors are nobody's loss once it is gone itself. */
type Left = { readonly what: string; readonly backend: { deref(): Backend | undefined } };

export interface LostTensors {
  watch(tensor: Watched): void;
  forget(tensor: Watched): void;
}

declare const WeakRef: new (target: Backend) => Left["backend"];
declare const FinalizationRegistry: new (collected: (left: Left) => void) => {
  register(target: object, left: Left, token: object): void;
  unregister(token: object): void;
};

/** @param tell called once, for the first that is lost */
function createLostTensors(tell: (message: string) => void): LostTensors {
  let told = false;
  const registry = new FinalizationRegistry(({ what, backend }) => {
    if (told || (backend.deref()?.disposed ?? true)) return;
    told = true;
    tell(
      `[tensor] expected tensors to be disposed, got ${what} collected without: its memory in the backend is lost. ` +
        "Free what you make: dispose(), scope(backend, body), or `using`",
    );
  });
  return {
    watch(tensor) {
      const { shape, dtype, backend } = tensor;
      const what = `a ${dtype} [${shape.join(", ")}] on ${backend.name}`;
      registry.register(tensor, { what, backend: new WeakRef(backend) }, tensor);
    },
    forget: (tensor) => registry.unregister(tensor),
  };
}

export const lostTensors: LostTensors | undefined = inDevelopment();

function inDevelopment(): LostTensors | undefined {
  const process = nodeProcess();
  if (process?.env?.["NODE_ENV"] !== "development") return undefined;
  return createLostTensors((message) =>
    process.emitWarning?.(message, { type: "BeitjsWarning", code: "BEITJS_LOST_TENSOR" }),
  );
}
