// Runs at most so many tasks at a time, in the order they came: keeps open files and decoded images bounded.

/** A function that runs a task when its turn has come. */
export type Limiter = <T>(task: () => Promise<T>) => Promise<T>;

/** @throws RangeError when the limit is below 1. */
export function createLimiter(limit: number): Limiter {
  if (!Number.isInteger(limit) || limit < 1) {
    throw new RangeError(`[createLimiter] expected at least 1 task at a time, got ${limit}`);
  }
  const waiting: (() => void)[] = [];
  let free = limit;
  return async (task) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await task();
    } finally {
      // A waiting task takes the place over; it is not counted as free in between.
      const next = waiting.shift();
      if (next) next();
      else free++;
    }
  };
}
