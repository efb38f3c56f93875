// Bytes that come in pieces of any size, kept in blocks of one size: no array of the whole, which may be larger than any.
import { checkedSource } from "./source.ts";
import type { FileSource } from "./source.ts";

const blockBytes = 4 << 20;

export interface ChunkWriter {
  write(chunk: Uint8Array): void;
  /** What was written, as a source that shares the memory. */
  finish(name: string): FileSource;
}

export function createChunkWriter(): ChunkWriter {
  const blocks: Uint8Array[] = [];
  let size = 0;
  return {
    write(chunk) {
      for (let at = 0; at < chunk.length;) {
        const inside = size % blockBytes;
        if (inside === 0) blocks.push(new Uint8Array(blockBytes));
        const piece = chunk.subarray(at, at + blockBytes - inside);
        (blocks.at(-1) as Uint8Array).set(piece, inside);
        at += piece.length;
        size += piece.length;
      }
    },
    finish: (name) => checkedSource(name, size, async (start, end) => readBlocks(blocks, start, end)),
  };
}

function readBlocks(blocks: ReadonlyArray<Uint8Array>, start: number, end: number): Uint8Array {
  const first = Math.floor(start / blockBytes);
  const inside = start - first * blockBytes;
  // A range within one block is a view.
  if (end - start <= blockBytes - inside) {
    return blocks[first]?.subarray(inside, inside + end - start) ?? new Uint8Array(0);
  }
  const bytes = new Uint8Array(end - start);
  for (let at = start; at < end;) {
    const block = Math.floor(at / blockBytes);
    const from = at - block * blockBytes;
    const piece = (blocks[block] as Uint8Array).subarray(from, Math.min(blockBytes, from + end - at));
    bytes.set(piece, at - start);
    at += piece.length;
  }
  return bytes;
}
