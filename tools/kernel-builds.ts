// Which WebAssembly builds each package has. Features, memory and nothing else: the source is one, in `assembly/`.

export type KernelBuild = {
  /** camelCase; `baseShared` becomes src/generated/base-shared.ts with the export `baseSharedWasm`. */
  readonly name: string;
  readonly features: ReadonlyArray<"simd" | "relaxed-simd" | "threads">;
  /** Shared memory, for worker threads; needs the feature `threads`. */
  readonly sharedMemory?: true;
};

/** Upper limit of the imported memory in pages of 64 KiB: 4 GiB. The host may import a smaller one. */
export const maximumPages = 65536;

export const kernelBuilds: Readonly<Record<string, readonly KernelBuild[]>> = {
  masking: [{ name: "masks", features: [] }],
  "tensor-core": [
    { name: "base", features: ["simd"] },
    { name: "relaxed", features: ["simd", "relaxed-simd"] },
    { name: "baseShared", features: ["simd", "threads"], sharedMemory: true },
    { name: "relaxedShared", features: ["simd", "relaxed-simd", "threads"], sharedMemory: true },
  ],
};
