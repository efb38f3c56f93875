// Dispatches: many in one pass, one submission for a batch of them. A dispatch's few numbers stand in a slot of one uniform
// buffer, reached by a dynamic offset, so that bind groups hold nothing that changes from step to step.
import type { WebgpuDevice } from "./device.ts";
import { wholeOf, type Bound, type DeviceBuffer } from "./memory.ts";
import { createPipelines, type Program } from "./pipelines.ts";

/** One dispatch. `sizes` (u32) and then `numbers` (f32) fill the shader's `Parameters` in order. */
export type Work = {
  readonly reads: readonly Bound[];
  readonly writes: readonly Bound[];
  readonly sizes?: readonly number[];
  readonly numbers?: readonly number[];
  readonly groups: readonly [number, number?, number?];
};

export interface Dispatcher {
  /** `op` names the work in errors. */
  run(op: string, program: Program, work: Work): void;
  write(to: DeviceBuffer, bytes: Uint8Array<ArrayBuffer>): void;
  read(from: DeviceBuffer, bytes: number): Promise<ArrayBuffer>;
  flush(): void;
  forgetBindGroups(): void;
}

/** Invocations of a workgroup of elementwise shaders; the same number as in shaders/include/. */
export const INVOCATIONS = 256;
const MOST_GROUPS = 65535;

/** `count` workgroups. Axes are limited, so a long row of them is folded; shaders unfold it (shaders/include/groups.wgsl). */
export function inOneRow(count: number): readonly [number, number, number] {
  return [Math.min(count, MOST_GROUPS), Math.ceil(count / MOST_GROUPS), 1];
}

// The alignment of dynamic offsets that every device has.
const SLOT_BYTES = 256;
/** Dispatches of a batch: few after a reading, when the device waits for work, then ever more, to hide the cost of submitting. */
const FIRST_SLOTS = 16;
const SLOTS = 256;

type Batch = { readonly encoder: GPUCommandEncoder; pass: GPUComputePassEncoder | undefined };

export function createDispatcher({ device, assertHealthy }: WebgpuDevice): Dispatcher {
  const pipelines = createPipelines(device, SLOT_BYTES);
  const ring = device.createBuffer({
    size: SLOT_BYTES * SLOTS,
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  });
  const slots = new ArrayBuffer(SLOT_BYTES * SLOTS);
  const [words, floats] = [new Uint32Array(slots), new Float32Array(slots)];
  const parameters = device.createBindGroup({
    layout: pipelines.parameters,
    entries: [{ binding: 0, resource: { buffer: ring, size: SLOT_BYTES } }],
  });
  const failures = watchBatches(device);
  let batch: Batch | undefined;
  let [serial, used, most] = [0, 0, FIRST_SLOTS];
  let current: GPUComputePipeline | undefined;

  const open = (): Batch => (batch ??= { encoder: device.createCommandEncoder(), pass: undefined });
  const endPass = (): void => {
    batch?.pass?.end();
    if (batch) batch.pass = undefined;
    current = undefined;
  };
  const flush = (): void => {
    if (!batch) return;
    endPass();
    if (used > 0) device.queue.writeBuffer(ring, 0, slots, 0, used * SLOT_BYTES);
    device.queue.submit([batch.encoder.finish()]);
    batch = undefined;
    used = 0;
    most = Math.min(2 * most, SLOTS);
    serial++;
    failures.endBatch();
  };
  const openPass = (): GPUComputePassEncoder => {
    const opened = open();
    if (!opened.pass) {
      opened.pass = opened.encoder.beginComputePass();
      opened.pass.setBindGroup(1, parameters, [0]);
    }
    return opened.pass;
  };
  const fillSlot = (sizes: readonly number[], numbers: readonly number[]): number => {
    const offset = used++ * SLOT_BYTES;
    words.set(sizes, offset / 4);
    floats.set(numbers, offset / 4 + sizes.length);
    return offset;
  };
  const run = (op: string, program: Program, { reads, writes, sizes = [], numbers = [], groups }: Work): void => {
    if (groups.includes(0)) return;
    if (used === most) flush();
    failures.note(op);
    const layout = pipelines.layout(reads.length, writes.length);
    const pipeline = pipelines.pipeline(program, layout);
    const bound = [...reads, ...writes];
    const group = pipelines.bindGroup(layout, bound, op);
    for (const place of bound) wholeOf(place).batch = serial;
    const pass = openPass();
    if (pipeline !== current) pass.setPipeline(pipeline);
    current = pipeline;
    pass.setBindGroup(0, group);
    pass.setBindGroup(1, parameters, [fillSlot(sizes, numbers)]);
    pass.dispatchWorkgroups(...groups);
  };
  return {
    run,
    flush,
    write(to, bytes) {
      // The queue writes ahead of what is not submitted yet, and that may still need the old contents.
      if (to.batch === serial) flush();
      device.queue.writeBuffer(to.buffer, 0, bytes);
    },
    async read(from, bytes) {
      assertHealthy();
      const staging = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
      endPass();
      open().encoder.copyBufferToBuffer(from.buffer, 0, staging, 0, bytes);
      flush();
      most = FIRST_SLOTS;
      const mapped = staging.mapAsync(GPUMapMode.READ).then(
        () => undefined,
        (error: unknown) => error,
      );
      await failures.assertNone();
      const failure = await mapped;
      assertHealthy();
      if (failure !== undefined) throw new Error("[webgpu] reading failed", { cause: failure });
      const copy = staging.getMappedRange().slice(0);
      staging.destroy();
      return copy;
    },
    forgetBindGroups: () => pipelines.forgetBindGroups(),
  };
}

// Error scopes around every batch: what is wrong with a dispatch is known when its batch was submitted, and thrown to
// whoever reads next. Pipelines and bind groups carry names, so the device's own words say which.
function watchBatches(device: GPUDevice) {
  const filters = ["validation", "out-of-memory", "internal"] as const;
  const pending: Promise<string | undefined>[] = [];
  let ops = new Set<string>();
  const begin = (): void => filters.forEach((filter) => device.pushErrorScope(filter));
  begin();
  return {
    note: (op: string) => void ops.add(op),
    endBatch() {
      const names = ops;
      ops = new Set();
      for (let i = 0; i < filters.length; i++) {
        const popped = device.popErrorScope().then(
          (error) => error && `${error.message} (in a batch of ${[...names].join(", ")})`,
          () => undefined,
        );
        pending.push(popped.then((message) => message ?? undefined));
      }
      begin();
    },
    async assertNone(): Promise<void> {
      const results = await Promise.all(pending.splice(0));
      const messages = results.filter((message) => message !== undefined);
      if (messages.length > 0) throw new Error(`[webgpu] ${messages.join("; ")}`);
    },
  };
}
