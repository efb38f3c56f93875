import { residualOp } from "../../../ops/residual.ts";
import { grainFor, implement } from "../context.ts";

// Partial sums of the layer scale's gradient: fixed, so that threads do not change its bits.
const CHUNKS = 16;

export const residualKernels = implement(residualOp, {
  forward(simd, { x, branch, scale, keep }, { y }) {
    const { rows, rowsPerSample, width } = sizesOf(x.shape);
    const at = simd.pointers(x, branch, scale, keep, y);
    simd.parallel("residualForward", rows, grainFor(width), ...at, rowsPerSample, width);
  },
  backward(simd, { dy, branch, scale, keep }, { dx, dbranch, dscale, dkeep }) {
    const { rows, rowsPerSample, width } = sizesOf(dy.shape);
    const at = simd.pointers(dy, branch, scale, keep);
    if (dx || dbranch || dscale) {
      const chunk = Math.max(1, Math.ceil(rows / CHUNKS));
      const chunks = Math.ceil(rows / chunk);
      const partials = dscale ? simd.scratch(chunks * width * 4) : 0;
      const results = [simd.pointer(dx), simd.pointer(dbranch), partials] as const;
      const sizes = [rowsPerSample, width, rows, chunk] as const;
      simd.parallel("residualBackward", chunks, grainFor(chunk * width), ...at, ...results, ...sizes);
      if (dscale) simd.call("columnSums", partials, simd.pointer(dscale), chunks, width, 0, width, 0);
    }
    if (dkeep) {
      const samples = simd.pointers(dy, branch, scale, dkeep);
      simd.parallel(
        "residualKeepGradient",
        dkeep.size,
        grainFor(rowsPerSample * width),
        ...samples,
        rowsPerSample,
        width,
      );
    }
  },
});

function sizesOf(shape: readonly number[]) {
  const width = shape[shape.length - 1];
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  return { rows, rowsPerSample: rows / shape[0], width };
}
