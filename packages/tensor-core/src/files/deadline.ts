// Time for what may never come. A host that says nothing would be waited for without end.

// Every host has them; packages compile without the types of any.
declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;

/** More milliseconds than a timer can count are no limit. */
const longest = 2 ** 31 - 1;

/** What `work` gives, or `late` as an error where it takes longer; what comes after that is dropped. */
export function within<Value>(work: Promise<Value>, milliseconds: number, late: () => Error): Promise<Value> {
  if (milliseconds > longest) return work;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), milliseconds);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, Math.min(milliseconds, longest)));
}
