// Tensors of a checkpoint that are read when they are needed, so that a large model is never in memory twice.
import { sizeOf, type Shape } from "@beitjs/tensor-core";
import type { LazyTensor } from "@beitjs/tensor-core/files";
import { toFloat32 } from "@beitjs/tensor-core/safetensors";
import type { HostTensor } from "../values.ts";

/** A tensor in a file. */
export type StoredTensor = { readonly shape: Shape; read(): Promise<HostTensor> };

/** As float32, whatever kind of floating-point number the file has. */
export function stored({ shape, read }: LazyTensor): StoredTensor {
  return { shape, read: async () => ({ shape, data: toFloat32(await read()) }) };
}

/** Matrices with equal columns, one below another. */
export function joinRows(parts: readonly StoredTensor[]): StoredTensor {
  const rows = parts.reduce((total, { shape }) => total + shape[0], 0);
  const shape = [rows, ...parts[0].shape.slice(1)];
  return {
    shape,
    async read() {
      const values = await Promise.all(parts.map((part) => part.read()));
      const data = new Float32Array(values.reduce((total, value) => total + value.data.length, 0));
      let at = 0;
      for (const value of values) {
        data.set(value.data, at);
        at += value.data.length;
      }
      return { shape, data };
    },
  };
}

/** What a file leaves out because it is zero. */
export function zeroValues(shape: Shape): StoredTensor {
  return { shape, read: () => Promise.resolve({ shape, data: new Float32Array(sizeOf(shape)) }) };
}

/** The sum of two of one shape. */
export function addValues(a: StoredTensor, b: StoredTensor): StoredTensor {
  return {
    shape: a.shape,
    async read() {
      const [{ data }, added] = await Promise.all([a.read(), b.read()]);
      return { shape: a.shape, data: data.map((value, i) => value + added.data[i]) };
    },
  };
}
