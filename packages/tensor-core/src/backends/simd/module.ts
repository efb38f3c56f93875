// Chooses the wasm build and instantiates it: `relaxed` (fused multiply-add) where the engine validates it, else `base`,
// each over shared memory (threads) or plain; `wide` is `relaxed` with other panels. The only file of this package that
// touches WebAssembly.
import { baseWasm } from "../../generated/base.ts";
import { addressSpace } from "../../host-limits.ts";
import { argumentCounts, type Kernels } from "../../generated/kernels.ts";
import { relaxedWasm } from "../../generated/relaxed.ts";
import { race, RACE_BYTES, type Contestant } from "./race.ts";
import { withSharedMemory } from "./shared-memory.ts";

declare namespace WebAssembly {
  type Module = object;
  type Memory = { readonly buffer: ArrayBuffer; grow(pages: number): number };
  const Memory: new (options: { initial: number; maximum: number; shared: boolean }) => Memory;
  const Instance: new (module: Module, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
  function compile(bytes: Uint8Array): Promise<Module>;
  function validate(bytes: Uint8Array): boolean;
}
declare const atob: (text: string) => string;

/**
 * `base` runs on every engine with SIMD, `relaxed` needs fused multiply-add (relaxed SIMD). `wide` is for V8's experimental
 * merging of two vectors into one of 256 bits, and slower than `relaxed` without it.
 */
export const simdBuilds = ["base", "relaxed", "wide"] as const;
export type SimdBuild = (typeof simdBuilds)[number];
export type WasmMemory = WebAssembly.Memory;
export type KernelName = keyof Kernels;

export type SimdModule = {
  readonly build: SimdBuild;
  readonly reason: string;
  readonly module: WebAssembly.Module;
  readonly memory: WasmMemory;
  /** What was reserved, which is the most that memory grows to. */
  readonly maximumBytes: number;
  /** Why that is less than was asked for. */
  readonly memoryReason: string | undefined;
  /** What an instance imports besides memory: columns of a panel of the matrix product. */
  readonly panelWidth: number;
  readonly exports: Kernels;
};

const PAGE = 65536;
const FEWEST_PAGES = 16;
// Less than this may be noise, and is not worth an experimental part of the engine.
const LEAST_GAIN = 1.1;
const binaries = { base: baseWasm, relaxed: relaxedWasm, wide: relaxedWasm };
const panelWidths = { base: 8, relaxed: 8, wide: 16 };

/** Bytes of one wasm build, for size checks and benchmarks. */
export function wasmBytes(build: SimdBuild, shared: boolean): Uint8Array {
  const bytes = Uint8Array.from(atob(binaries[build]), (character) => character.charCodeAt(0));
  return shared ? withSharedMemory(bytes) : bytes;
}

/** Whether this engine runs the `relaxed` build as it is. */
export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(wasmBytes("relaxed", false));
}

/** Compiles the chosen build over a new memory of at most `maximumBytes`, or takes the module that the host has compiled. */
export async function loadModule(options: {
  readonly build: SimdBuild | "auto";
  readonly shared: boolean;
  readonly maximumBytes: number;
  readonly compiled?: object | undefined;
  /** Where V8 was told to merge vectors: a clock in milliseconds, to see whether `wide` gains from it. */
  readonly raceClock?: (() => number) | undefined;
}): Promise<SimdModule> {
  const { shared, compiled } = options;
  const chosen = compiled ? givenBuild(options.build) : chooseBuild(options.build, shared);
  const { memory, ...reserved } = reserve(options.maximumBytes, shared);
  const module = compiled ?? (await compile(wasmBytes(chosen.build, shared)));
  const clock = options.build === "auto" && chosen.build === "relaxed" ? options.raceClock : undefined;
  const { build, reason } = (clock && raceBuilds(module, shared, clock)) ?? chosen;
  const panelWidth = panelWidths[build];
  return { build, reason, module, memory, ...reserved, panelWidth, exports: instantiate(module, memory, panelWidth) };
}

function givenBuild(build: SimdBuild | "auto"): { build: SimdBuild; reason: string } {
  return { build: build === "auto" ? "base" : build, reason: "the module that was given" };
}

async function compile(bytes: Uint8Array): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    throw new Error(
      `[createSimdBackend] expected a host that compiles WebAssembly, got ${String(cause)}; one that does not takes the option module`,
      { cause },
    );
  }
}

function instantiate(module: WebAssembly.Module, memory: WasmMemory, panelWidth: number): SimdModule["exports"] {
  const { exports } = new WebAssembly.Instance(module, { env: { memory, panelWidth } });
  const kernels = Object.entries(exports).filter(([, value]) => typeof value === "function");
  checkExports(new Map(kernels.map(([name, value]) => [name, (value as { readonly length: number }).length])));
  return Object.fromEntries(kernels) as Kernels;
}

// A module that was given may be of another version; one argument too few would be a wrong address.
function checkExports(found: ReadonlyMap<string, number>): void {
  for (const [name, count] of Object.entries(argumentCounts)) {
    if (found.get(name) === count) continue;
    throw new Error(
      `[createSimdBackend] expected a module whose ${name} takes ${count} arguments, got ${
        found.has(name) ? `one where it takes ${found.get(name)}` : "one without it"
      }; take base.wasm or relaxed.wasm of this version of @beitjs/tensor-core`,
    );
  }
}

/** Calls a kernel by its name, where TypeScript cannot see that the arguments are those of the name. */
export function callKernel<Name extends KernelName>(
  exports: Kernels,
  kernel: Name,
  args: readonly number[],
): ReturnType<Kernels[Name]> {
  return (exports[kernel] as (...values: readonly number[]) => ReturnType<Kernels[Name]>)(...args);
}

// Undefined where there is no room for a race.
function raceBuilds(
  module: WebAssembly.Module,
  shared: boolean,
  clock: () => number,
): { build: SimdBuild; reason: string } | undefined {
  const contestants: Contestant[] = [];
  for (const panelWidth of [panelWidths.relaxed, panelWidths.wide]) {
    const memory = tryReserve(RACE_BYTES / PAGE, shared);
    if (!memory || !growMemory(memory, RACE_BYTES)) return undefined;
    contestants.push({ memory, exports: instantiate(module, memory, panelWidth) });
  }
  const ratio = race(contestants[0], contestants[1], clock);
  const result = `${ratio.toFixed(2)} times the speed of relaxed in a race`;
  return ratio > LEAST_GAIN
    ? { build: "wide", reason: `V8 merges vectors to 256 bits: ${result}` }
    : { build: "relaxed", reason: `this engine has relaxed SIMD (fused multiply-add); wide had ${result}` };
}

/** Makes memory up to `end` bytes usable; false beyond the reserved maximum. Growing detaches every view of it. */
export function growMemory(memory: WasmMemory, end: number): boolean {
  const missing = Math.ceil((end - memory.buffer.byteLength) / PAGE);
  if (missing <= 0) return true;
  const generous = Math.max(missing, Math.ceil(memory.buffer.byteLength / PAGE / 4));
  for (const pages of [generous, missing]) {
    try {
      memory.grow(pages);
      return true;
    } catch {
      // The next, smaller request may still fit below the maximum.
    }
  }
  return false;
}

function chooseBuild(wanted: SimdBuild | "auto", shared: boolean): { build: SimdBuild; reason: string } {
  const relaxed = WebAssembly.validate(wasmBytes("relaxed", shared));
  if (wanted !== "base" && wanted !== "auto" && !relaxed) {
    throw new Error(
      "[createSimdBackend] expected an engine with relaxed SIMD, got one without (Node 20: pass v8Flags: true)",
    );
  }
  if (!WebAssembly.validate(wasmBytes("base", shared))) {
    throw new Error("[createSimdBackend] expected an engine with WebAssembly SIMD, got one without");
  }
  if (wanted !== "auto") return { build: wanted, reason: "asked for" };
  if (relaxed) return { build: "relaxed", reason: "this engine has relaxed SIMD (fused multiply-add)" };
  return { build: "base", reason: "this engine has no relaxed SIMD" };
}

type Reserved = Pick<SimdModule, "memory" | "maximumBytes" | "memoryReason">;

// Phones refuse to reserve 4 GiB of shared memory: ask for less until one is granted.
function reserve(askedBytes: number, shared: boolean): Reserved {
  const space = addressSpace();
  const room = space ? roomIn(space) : Infinity;
  for (
    let pages = Math.floor(Math.min(askedBytes, room) / PAGE);
    pages >= FEWEST_PAGES;
    pages = Math.floor(pages / 2)
  ) {
    const memory = tryReserve(pages, shared);
    if (!memory) continue;
    const maximumBytes = pages * PAGE;
    const less = maximumBytes < askedBytes - PAGE;
    const why = space ? `the address space of this process ends at ${gibibytes(space.limit)}` : "more was refused";
    return {
      memory,
      maximumBytes,
      memoryReason: less ? `${gibibytes(maximumBytes)} of ${gibibytes(askedBytes)}, as ${why}` : undefined,
    };
  }
  const limited = space
    ? `; the address space of this process ends at ${gibibytes(space.limit)}, and Node's engine takes 10 GiB of it for each memory ` +
      "unless Node is started with --disable-wasm-trap-handler"
    : "";
  throw new RangeError(
    `[createSimdBackend] expected to reserve wasm memory, got none of ${askedBytes} bytes or less${limited}`,
  );
}

// V8 grants more than there is room for and fails when memory grows; and its heap, threads and libraries want theirs.
function roomIn({ limit, used }: { readonly limit: number; readonly used: number }): number {
  return Math.max(FEWEST_PAGES * PAGE, (limit - used) / 2);
}

function tryReserve(maximum: number, shared: boolean): WasmMemory | undefined {
  try {
    return new WebAssembly.Memory({ initial: FEWEST_PAGES, maximum, shared });
  } catch {
    return undefined;
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toPrecision(3)} GiB`;
}
