// Buffers of the device, pooled by size. Of the free ones the oldest is given out, whatever the order they came back in: so a
// repeated step gets the same buffers in the same places and finds its bind groups made.
import type { DType } from "../../backend.ts";
import { freeMemoryAdvice } from "../advice.ts";

/** A buffer that may be bound. `batch` is the last batch of dispatches that touches it. */
export type DeviceBuffer = {
  readonly id: number;
  readonly buffer: GPUBuffer;
  readonly bytes: number;
  batch: number;
};

/** A part of a buffer that may be bound in its place. It begins at a multiple of `PART_ALIGNMENT`, in bytes. */
export type BufferPart = {
  readonly whole: DeviceBuffer;
  readonly offset: number;
  readonly bytes: number;
  /** Whether it holds values in f16 (halves.ts). */
  readonly half: boolean;
};

export type Bound = DeviceBuffer | BufferPart;

/** The buffer that is bound, whole or in part. */
export function wholeOf(bound: Bound): DeviceBuffer {
  return "whole" in bound ? bound.whole : bound;
}

/** What every device can begin a binding at. */
export const PART_ALIGNMENT = 256;

/** A tensor's place on the device. */
export type WebgpuHandle = {
  readonly memory: DeviceBuffer;
  readonly size: number;
  readonly dtype: DType;
  /** Whether its values are stored in f16 (halves.ts). */
  readonly half: boolean;
};

export interface Memory {
  readonly live: number;
  readonly peak: number;
  readonly count: number;
  /** Bytes of all buffers, pooled ones too, at most, and of the largest one. */
  readonly reserved: number;
  readonly largest: number;
  allocate(bytes: number): DeviceBuffer;
  free(buffer: DeviceBuffer): void;
}

/** Sizes are rounded up to this, so that tensors of nearly one size share buffers. */
const GRANULE = 256;

export type MemoryOptions = {
  readonly device: GPUDevice;
  readonly maximumBytes: number;
  /** Called after pooled buffers were destroyed: whoever keeps what refers to them must drop it. */
  readonly onTrim: () => void;
};

/** Bytes of the largest tensor of a device. */
export function largestBuffer({ limits }: Pick<GPUDevice, "limits">): number {
  return Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
}

/** @throws if a buffer is larger than the device allows, or all buffers together than `maximumBytes` */
export function createMemory({ device, maximumBytes, onTrim }: MemoryOptions): Memory {
  const pools = new Map<number, DeviceBuffer[]>();
  const mostBytes = largestBuffer(device);
  let [live, peak, count, pooled, made] = [0, 0, 0, 0, 0];
  let [reserved, largest] = [0, 0];
  const create = (bytes: number): DeviceBuffer => {
    if (live + pooled + bytes > maximumBytes) trim();
    if (live + bytes > maximumBytes) {
      throw new Error(
        `[webgpu] expected at most ${maximumBytes} bytes on the device, got ${live} in ${count} live buffers and ${bytes} more; ` +
          freeMemoryAdvice,
      );
    }
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    return { id: made++, buffer: device.createBuffer({ size: bytes, usage }), bytes, batch: -1 };
  };
  const trim = (): void => {
    if (pooled === 0) return;
    onTrim();
    for (const buffers of pools.values()) for (const { buffer } of buffers) buffer.destroy();
    pools.clear();
    pooled = 0;
  };
  return {
    get live() {
      return live;
    },
    get peak() {
      return peak;
    },
    get count() {
      return count;
    },
    get reserved() {
      return reserved;
    },
    get largest() {
      return largest;
    },
    allocate(wanted) {
      const bytes = Math.max(1, Math.ceil(wanted / GRANULE)) * GRANULE;
      if (bytes > mostBytes) {
        throw new Error(`[webgpu] expected tensors of at most ${mostBytes} bytes on this device, got one of ${bytes}`);
      }
      const reused = pools.get(bytes)?.pop();
      if (reused) pooled -= bytes;
      const buffer = reused ?? create(bytes);
      live += bytes;
      count++;
      peak = Math.max(peak, live);
      reserved = Math.max(reserved, live + pooled);
      largest = Math.max(largest, bytes);
      return buffer;
    },
    free(buffer) {
      live -= buffer.bytes;
      count--;
      pooled += buffer.bytes;
      const pool = pools.get(buffer.bytes);
      if (pool) insert(pool, buffer);
      else pools.set(buffer.bytes, [buffer]);
    },
  };
}

// Keeps a pool sorted, the oldest last.
function insert(pool: DeviceBuffer[], buffer: DeviceBuffer): void {
  let [from, to] = [0, pool.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (pool[middle].id > buffer.id) from = middle + 1;
    else to = middle;
  }
  pool.splice(from, 0, buffer);
}
