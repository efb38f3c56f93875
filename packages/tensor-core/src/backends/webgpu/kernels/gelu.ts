import { geluOp } from "../../../ops/gelu.ts";
import { implement, type Gpu, type Place } from "../context.ts";

export const geluKernels = implement(geluOp, {
  forward(gpu, { x }, { y }) {
    gpu.elements({ shader: "gelu", entry: "forward" }, x.size, { reads: [x], writes: [y], sizes: [x.size] });
  },
  backward(gpu, { dy, x }, { dx }) {
    if (dx) geluGradient(gpu, { dy, x, size: x.size }, dx);
  },
});

export function geluGradient(
  gpu: Gpu,
  { dy, x, size }: { readonly dy: Place; readonly x: Place; readonly size: number },
  dx: Place,
): void {
  const halves = gpu.halvesOf(x);
  const program = { shader: "gelu", entry: "backward", constants: { X_HALF: !!halves } } as const;
  gpu.elements(program, size, { reads: [halves ?? x, dy], writes: [dx], sizes: [size] });
}
