// The reference of an op, run through the host: how every op works on every backend from its first day.
import type { Backend, HostArray } from "../backend.ts";
import { sizeOf, type Shape, type Tensor } from "../tensor.ts";
import type { AnyOp, Values } from "./define-op.ts";

type Slot = Tensor | readonly Tensor[];

export function runReference(
  backend: Backend,
  op: AnyOp,
  direction: "forward" | "backward",
  inputs: Record<string, Slot | undefined>,
  outputs: Record<string, Tensor>,
  attributes: object,
  shapes: Record<string, Shape | readonly Shape[] | undefined>,
): void {
  const values: Record<string, HostArray | HostArray[] | undefined> = {};
  for (const [name, slot] of Object.entries(inputs))
    values[name] = slot instanceof Array ? slot.map(load) : slot && load(slot);
  const results: Record<string, HostArray> = {};
  for (const [name, tensor] of Object.entries(outputs)) results[name] = blank(tensor.size, tensor.dtype === "int32");
  if (direction === "forward") {
    op.forward(values as never, results as Record<string, Values>, attributes, shapes as never);
  } else {
    fillGaps(op, values, results, shapes);
    op.backward?.(values as never, results as never, attributes, shapes as never);
  }
  for (const [name, tensor] of Object.entries(outputs)) backend.write(tensor.storage.handle, results[name]);
  for (const name of (direction === "forward" && op.mutates) || [])
    writeBack(inputs[name as string], values[name as string]);
}

// References write every gradient and read every output gradient, wanted or not.
function fillGaps(
  op: AnyOp,
  values: Record<string, unknown>,
  results: Record<string, HostArray>,
  shapes: Record<string, Shape | readonly Shape[] | undefined>,
): void {
  for (const [name, shape] of Object.entries(shapes)) {
    if (shape === undefined || (op.integer as readonly string[] | undefined)?.includes(name)) continue;
    const size = sizeOf(shape as Shape);
    values[`d${name}`] ??= new Float64Array(size);
    results[`d${name}`] ??= new Float64Array(size);
  }
}

function load(tensor: Tensor): HostArray {
  const values = tensor.readSync();
  return tensor.dtype === "int32" ? Int32Array.from(values) : Float64Array.from(values);
}

function blank(size: number, integer: boolean): HostArray {
  return integer ? new Int32Array(size) : new Float64Array(size);
}

function writeBack(slot: Slot | undefined, values: unknown): void {
  const tensors = [slot ?? []].flat();
  tensors.forEach((tensor, i) => {
    const changed = slot instanceof Array ? (values as HostArray[])[i] : (values as HostArray);
    tensor.backend.write(tensor.storage.handle, changed);
  });
}
