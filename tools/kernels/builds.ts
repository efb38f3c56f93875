// Which WebAssembly builds each package has. Features and nothing else: the source is in `assembly/`. None has the
// feature `threads`: without atomic instructions one binary serves plain and shared memory (simd/shared-memory.ts).

export type KernelBuild = {
  /** camelCase; `bulkMasks` would become src/generated/bulk-masks.ts with the export `bulkMasksWasm`. */
  readonly name: string;
  readonly features: ReadonlyArray<"simd" | "relaxed-simd">;
  /**
   * Inline only what the source marks so. A quarter fewer bytes; the same speed where helpers of hot loops have the mark.
   */
  readonly small?: true;
  /** Also written as a file, `wasm/<name>.wasm`, which the package exports. */
  readonly asFile?: true;
};

export type KernelModule = {
  /** Name of the table of its exports, which all builds share: `kernels` becomes src/generated/kernels.ts. */
  readonly table: string;
  /** File of `assembly/` whose exports the module has. */
  readonly entry: string;
  readonly builds: readonly KernelBuild[];
};

/** Upper limit of the imported memory in pages of 64 KiB: 4 GiB. The host may import a smaller one. */
export const maximumPages = 65536;

export const kernelModules: Readonly<Record<string, readonly KernelModule[]>> = {
  masking: [{ table: "mask-kernels", entry: "index.ts", builds: [{ name: "masks", features: ["simd"] }] }],
  "tensor-core": [
    {
      table: "kernels",
      entry: "index.ts",
      builds: [
        { name: "base", features: ["simd"], small: true, asFile: true },
        { name: "relaxed", features: ["simd", "relaxed-simd"], small: true, asFile: true },
      ],
    },
    { table: "resample-kernels", entry: "resample.ts", builds: [{ name: "resample", features: ["simd"] }] },
  ],
};
