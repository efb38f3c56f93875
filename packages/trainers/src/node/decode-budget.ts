// Memory for pixels, shared by all decodes at a time: files of a few bytes may unfold to gigabytes, eight at once. The count lies in
// shared memory, so that the threads of a program keep one budget.

/** What decodes may take together. Sendable to threads of the same program. */
export type DecodeBudget = {
  readonly bytes: number;
  /** KiB in use. */
  readonly used: Int32Array<SharedArrayBuffer>;
};

/** 1 GiB, as is the budget of a program that names none. */
const DEFAULT_DECODE_BYTES = 2 ** 30;

const PAUSE_MS = 5;

/** A budget of its own. */
export function createDecodeBudget(bytes: number = DEFAULT_DECODE_BYTES): DecodeBudget {
  if (!(bytes >= 1024 && bytes < 2 ** 40)) {
    throw new RangeError(`[createDecodeBudget] expected 1024 bytes to 1 TiB, got ${bytes}`);
  }
  return { bytes, used: new Int32Array(new SharedArrayBuffer(4)) };
}

/** Does work that takes `bytes` when there is room for them; the caller has refused what alone is beyond the budget. */
export async function withinBudget<Result>(
  { bytes: limit, used }: DecodeBudget,
  bytes: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const most = Math.floor(limit / 1024);
  const wanted = Math.min(Math.ceil(bytes / 1024), most);
  for (;;) {
    const before = Atomics.load(used, 0);
    if (before + wanted > most) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    else if (Atomics.compareExchange(used, 0, before, before + wanted) === before) break;
  }
  try {
    return await work();
  } finally {
    Atomics.sub(used, 0, wanted);
  }
}
