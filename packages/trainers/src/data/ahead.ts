// Work for the next step while a device computes the present one.

/** Node and browsers have them; the package's types are of neither. */
declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;

type Errand<T> = {
  /** Its result; begins it if it has not begun. */
  result(): Promise<T>;
  /** Keeps it from beginning; gives what it has begun, if anything. */
  cancel(): Promise<T> | undefined;
};

/**
 * Begins `work` once the caller waits for something, such as a device that has been given its work by then. Who does not wait
 * begins it by asking for the result.
 */
export function afterwards<T>(work: () => Promise<T>): Errand<T> {
  let begun: Promise<T> | undefined;
  const begin = (): Promise<T> => {
    // A caller that never waits keeps timers from ending: each would hold its batch until the run is over.
    clearTimeout(timer);
    if (begun) return begun;
    begun = work();
    begun.catch(() => {}); // reported to who asks for the result, which may be nobody
    return begun;
  };
  const timer = setTimeout(() => void begin(), 0);
  return {
    result: begin,
    cancel() {
      clearTimeout(timer);
      return begun;
    },
  };
}

/**
 * What `load` gives, one after another, until it gives nothing. The next is loaded while the caller works on the present one.
 *
 * @param discard is called with what was loaded when the caller left the loop
 */
export async function* loadedAhead<T>(
  load: () => Promise<T | undefined>,
  discard?: (loaded: T) => void,
): AsyncGenerator<T, void, void> {
  let errand: Errand<T | undefined> | undefined;
  try {
    for (let item = await load(); item !== undefined; item = await errand.result()) {
      errand = afterwards(load);
      yield item;
    }
  } finally {
    const begun = errand?.cancel();
    const unused = discard && (await begun?.catch(() => undefined));
    if (unused !== undefined) discard?.(unused);
  }
}

/** What `prepare` makes of each item, as `loadedAhead`. */
export async function* preparedAhead<T, U>(
  source: AsyncGenerator<T, void, void>,
  prepare: (item: T) => Promise<U>,
  discard: (prepared: U) => void,
): AsyncGenerator<U, void, void> {
  const load = async (): Promise<{ readonly prepared: U } | undefined> => {
    const { done, value } = await source.next();
    return done ? undefined : { prepared: await prepare(value) };
  };
  try {
    for await (const { prepared } of loadedAhead(load, (unused) => discard(unused.prepared))) yield prepared;
  } finally {
    await source.return();
  }
}
