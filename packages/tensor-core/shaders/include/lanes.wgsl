// Invocations of a workgroup that shares a row, or a part of a sum: fewer for NARROW rows (kernels/rows.ts).
#if NARROW
const LINES = 8u;
#else
const LINES = 16u;
#endif
const INVOCATIONS = LINES * LINES;
