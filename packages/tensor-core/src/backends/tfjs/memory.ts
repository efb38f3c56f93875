// Memory in tfjs: tf tensors never change, so a handle names a place whose tf tensor is replaced when it is written. That
// also keeps tfjs-wasm right, which multiplies by a copy of a weight's old values if a tensor's memory is written in place.
import type { DType, Handle, HostArray } from "../../backend.ts";
import type { Shape } from "../../tensor.ts";
import type { TensorFlow, TfTensor } from "./engine.ts";

type Place = { readonly size: number; readonly dtype: DType; value: TfTensor | undefined };

export interface TfMemory {
  /** Bytes of live places, the most there ever were, and how many places. */
  usage(): { readonly live: number; readonly peak: number; readonly tensors: number };
  allocate(size: number, dtype: DType): Handle;
  free(handle: Handle): void;
  /** The values in a shape of their size; zeros if none were written. Belongs to the memory or to the open tidy. */
  get(handle: Handle, shape: Shape): TfTensor;
  /** Takes over a tf tensor made in the open tidy. */
  set(handle: Handle, value: TfTensor): void;
  write(handle: Handle, values: ArrayLike<number>): void;
  read(handle: Handle): Promise<HostArray>;
  readSync(handle: Handle): HostArray;
  /** The first values. */
  peek(handle: Handle, count: number): HostArray;
  dispose(): void;
}

export function createMemory(tf: TensorFlow): TfMemory {
  const places = new Set<Place>();
  const stored = new WeakSet<TfTensor>();
  let live = 0;
  let peak = 0;
  const replace = (place: Place, value: TfTensor | undefined): void => {
    place.value?.dispose();
    place.value = value;
    if (value) stored.add(value);
  };
  const free = (place: Place): void => {
    if (!places.delete(place)) return;
    live -= place.size * 4;
    replace(place, undefined);
  };
  return {
    usage: () => ({ live, peak, tensors: places.size }),
    allocate(size, dtype): Place {
      const place: Place = { size, dtype, value: undefined };
      places.add(place);
      live += size * 4;
      peak = Math.max(peak, live);
      return place;
    },
    free: (handle) => free(handle as Place),
    get(handle, shape) {
      const { value, dtype } = handle as Place;
      if (!value) return tf.zeros([...shape], dtype);
      const same = value.shape.length === shape.length && value.shape.every((side, i) => side === shape[i]);
      return same ? value : tf.reshape(value, [...shape]);
    },
    // A kernel may return what it was given; each place owns a tensor of its own.
    set: (handle, value) => replace(handle as Place, tf.keep(stored.has(value) ? tf.clone(value) : value)),
    write(handle, values) {
      const place = handle as Place;
      // A copy, because tfjs-cpu keeps the very array it is given.
      const copy = place.dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values);
      replace(place, tf.keep(tf.tensor(copy, [place.size], place.dtype)));
    },
    async read(handle) {
      const { value, size, dtype } = handle as Place;
      return value ? copyOf(await value.data(), dtype) : blank(size, dtype);
    },
    readSync(handle) {
      const { value, size, dtype } = handle as Place;
      return value ? copyOf(value.dataSync(), dtype) : blank(size, dtype);
    },
    peek(handle, count) {
      const { value, size, dtype } = handle as Place;
      return value ? copyOf(value.dataSync().slice(0, count), dtype) : blank(Math.min(count, size), dtype);
    },
    dispose: () => [...places].forEach(free),
  };
}

// tfjs-cpu hands out its own array, and tfjs-wasm may hand out a view of its heap.
function copyOf(values: ArrayLike<number>, dtype: DType): HostArray {
  return dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values);
}

function blank(size: number, dtype: DType): HostArray {
  return dtype === "int32" ? new Int32Array(size) : new Float32Array(size);
}
