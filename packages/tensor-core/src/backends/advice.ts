// What to do when memory ends, said by every backend that has an end of it.

/** Ends an error of memory. */
export const freeMemoryAdvice =
  "scope(backend, body) or dispose() frees tensors that nobody needs any more; " +
  "a smaller batch, more micro-batches or, in training, recompute take less";
