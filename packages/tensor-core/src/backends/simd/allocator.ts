// Places in a linear memory: best fit over a list of free blocks sorted by address, neighbors merged when freed.
// Deterministic: the same sequence of calls gives the same addresses.
import { freeMemoryAdvice } from "../advice.ts";

export interface Allocator {
  /** Address of `bytes` bytes, a multiple of 64; throws when the limit is reached. */
  allocate(bytes: number): number;
  free(address: number): void;
  readonly live: number;
  readonly peak: number;
  readonly blocks: number;
  /** Where the memory that was used ends, at most. */
  readonly reserved: number;
  /** Bytes of the largest block that was asked for. */
  readonly largest: number;
}

const ALIGNMENT = 64;

/** @param grow asked to make memory up to `end` bytes usable; returns false if it cannot. */
export function createAllocator(start: number, grow: (end: number) => boolean): Allocator {
  const used = new Map<number, number>();
  const freeAddresses: number[] = [];
  const freeSizes: number[] = [];
  let end = align(start);
  let live = 0;
  let peak = 0;
  let reserved = end;
  let largest = 0;

  function takeFree(bytes: number): number | undefined {
    let best = -1;
    for (let i = 0; i < freeSizes.length; i++) {
      if (freeSizes[i] >= bytes && (best < 0 || freeSizes[i] < freeSizes[best])) best = i;
      if (best >= 0 && freeSizes[best] === bytes) break;
    }
    if (best < 0) return undefined;
    const address = freeAddresses[best];
    if (freeSizes[best] === bytes) {
      freeAddresses.splice(best, 1);
      freeSizes.splice(best, 1);
    } else {
      freeAddresses[best] += bytes;
      freeSizes[best] -= bytes;
    }
    return address;
  }

  function extend(bytes: number): number {
    const address = end;
    if (!grow(address + bytes)) {
      const state = `${mebibytes(live)} in use, ${mebibytes(bytes)} more asked for`;
      throw new RangeError(`[simd] out of memory: ${state}; ${freeMemoryAdvice}`);
    }
    end = address + bytes;
    reserved = Math.max(reserved, end);
    return address;
  }

  function giveBack(address: number, bytes: number): void {
    let at = lowerBound(freeAddresses, address);
    freeAddresses.splice(at, 0, address);
    freeSizes.splice(at, 0, bytes);
    if (at > 0 && freeAddresses[at - 1] + freeSizes[at - 1] === address) merge(--at);
    if (at + 1 < freeAddresses.length && freeAddresses[at] + freeSizes[at] === freeAddresses[at + 1]) merge(at);
    if (at === freeAddresses.length - 1 && freeAddresses[at] + freeSizes[at] === end) {
      end = freeAddresses[at];
      freeAddresses.pop();
      freeSizes.pop();
    }
  }

  function merge(at: number): void {
    freeSizes[at] += freeSizes[at + 1];
    freeAddresses.splice(at + 1, 1);
    freeSizes.splice(at + 1, 1);
  }

  return {
    allocate(bytes) {
      const size = align(Math.max(bytes, 1));
      const address = takeFree(size) ?? extend(size);
      used.set(address, size);
      live += size;
      peak = Math.max(peak, live);
      largest = Math.max(largest, size);
      return address;
    },
    free(address) {
      const size = used.get(address);
      if (size === undefined) throw new Error(`[simd] expected an allocated address, got ${address}`);
      used.delete(address);
      live -= size;
      giveBack(address, size);
    },
    get live() {
      return live;
    },
    get peak() {
      return peak;
    },
    get blocks() {
      return used.size;
    },
    get reserved() {
      return reserved;
    },
    get largest() {
      return largest;
    },
  };
}

function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
