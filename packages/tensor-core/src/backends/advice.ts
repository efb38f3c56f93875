// What to do when memory ends, said by every backend that has an end of it.

/** Ends an error of memory. */
export const freeMemoryAdvice =
  "a smaller batch, more micro-batches or, in training, recompute take less; " +
  "code of your own frees tensors with scope(backend, body) or dispose()";
