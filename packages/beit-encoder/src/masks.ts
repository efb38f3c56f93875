// Masks as the encoder and its head take them: one for the whole batch, one per example, or a tensor.
import { Tensor, tensor, type Backend } from "@beitjs/tensor-core";

/** Which patches are hidden: row-major cells, 1 = masked. The masks of `@beitjs/masking` are such. */
export type PatchMask = { readonly cells: Uint8Array };

/** One mask for all examples, one for each, or int32 [B, N]; heads read a tensor at once, which WebGPU cannot. */
export type MaskInput = PatchMask | readonly PatchMask[] | Tensor;

export type BatchSize = { readonly batch: number; readonly patches: number };

/** The mask of a batch as int32 [B, N]; `caller` is named in errors. */
export function maskTensor(caller: string, mask: MaskInput, size: BatchSize, backend: Backend): Tensor {
  if (mask instanceof Tensor) return checkTensor(caller, mask, size);
  return tensor(batchCells(caller, mask, size), [size.batch, size.patches], backend, "int32");
}

/** Rows of the masked patches in tokens [B * (N + 1), D]: example by example, positions ascending. */
export function maskedRows(caller: string, mask: MaskInput, size: BatchSize): Int32Array {
  const cells = mask instanceof Tensor ? checkTensor(caller, mask, size).readSync() : batchCells(caller, mask, size);
  return patchRows(size).filter((_, i) => cells[i] !== 0);
}

/** Rows of all patches in tokens [B * (N + 1), D]: the class tokens are left out. */
export function patchRows({ batch, patches }: BatchSize): Int32Array {
  return Int32Array.from({ length: batch * patches }, (_, i) => i + Math.floor(i / patches) + 1);
}

function batchCells(caller: string, mask: PatchMask | readonly PatchMask[], { batch, patches }: BatchSize): Int32Array {
  const masks = "cells" in mask ? Array.from({ length: batch }, () => mask) : mask;
  if (masks.length !== batch) throw new Error(`[${caller}] expected ${batch} masks, got ${masks.length}`);
  const all = new Int32Array(batch * patches);
  masks.forEach(({ cells }, example) => {
    if (cells.length !== patches) {
      throw new Error(`[${caller}] expected ${patches} cells in mask ${example}, got ${cells.length}`);
    }
    all.set(cells, example * patches);
  });
  return all;
}

function checkTensor(caller: string, mask: Tensor, { batch, patches }: BatchSize): Tensor {
  const [rows, columns] = mask.shape;
  if (mask.shape.length !== 2 || rows !== batch || columns !== patches) {
    throw new Error(`[${caller}] expected mask [${batch}, ${patches}], got [${mask.shape.join(", ")}]`);
  }
  return mask;
}

/** Where the patches are that no mask hides; as many in every image. */
export type VisiblePatches = {
  /** In an image. */
  readonly count: number;
  /** Rows of them in patches [B * N, ...], example by example, positions ascending [B * V]. */
  readonly rows: Int32Array;
  /** Rows of the class token and of them in positions [N + 1, D], example by example [B * (V + 1)]. */
  readonly positions: Int32Array;
  /** Which of its image's V + 1 tokens stands at a place, or -1 where the patch is hidden [B * (N + 1)]. */
  readonly places: Int32Array;
};

/** @throws if masks hide different numbers of patches, or every patch */
export function visiblePatches(caller: string, mask: MaskInput, size: BatchSize): VisiblePatches {
  const { batch, patches } = size;
  const cells = mask instanceof Tensor ? checkTensor(caller, mask, size).readSync() : batchCells(caller, mask, size);
  const rows = Int32Array.from({ length: batch * patches }, (_, i) => i).filter((i) => cells[i] === 0);
  const count = Math.floor(rows.length / batch);
  const positions = new Int32Array(batch * (count + 1));
  const places = new Int32Array(batch * (patches + 1)).fill(-1);
  for (let example = 0, next = 0; example < batch; example++) {
    places[example * (patches + 1)] = 0;
    const first = next;
    for (; next < rows.length && rows[next] < (example + 1) * patches; next++) {
      const token = next - first + 1;
      const place = rows[next] - example * patches + 1;
      positions[example * (count + 1) + token] = place;
      places[example * (patches + 1) + place] = token;
    }
    if (next - first === count && count > 0) continue;
    const got = next - first === 0 ? "every one hidden" : `${count} of ${patches} and ${next - first}`;
    throw new Error(`[${caller}] expected masks that leave as many patches in every image, and some, got ${got}`);
  }
  return { count, rows, positions, places };
}
