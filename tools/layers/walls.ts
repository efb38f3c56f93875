// The walls of the repository as data: which package may import which, what stays inside one folder, what stays out of all.
// The arrows are those of the design: tensor-core <- masking, dvae-tokenizer, beit-encoder <- trainers, onnx <- apps.

const core = "@beitjs/tensor-core";

/** What each package may import of the others: a package with all its sub-paths, or one sub-path. */
export const arrows: Readonly<Record<string, ReadonlyArray<string>>> = {
  "packages/tensor-core": [],
  "packages/masking": [`${core}/random`, `${core}/grid`],
  "packages/dvae-tokenizer": [core],
  "packages/beit-encoder": [core],
  "packages/onnx": [core, "@beitjs/dvae-tokenizer", "@beitjs/beit-encoder"],
  "packages/trainers": [core, "@beitjs/masking", "@beitjs/dvae-tokenizer", "@beitjs/beit-encoder"],
};

/** Model code runs on whatever backend its tensors belong to, so it names none. */
export const backendFree: ReadonlyArray<string> = ["packages/dvae-tokenizer", "packages/beit-encoder"];
export const backendSources = /^\.\/src\/(?:backends|testing)\//;

/** Folders of tensor-core that may not be imported from others: [importers, imported, reason]. Tests are exempt. */
export const innerWalls: ReadonlyArray<{ readonly from: RegExp; readonly to: RegExp; readonly reason: string }> = [
  {
    from: /^packages\/tensor-core\/src\/(?!backends\/|testing\/)/,
    to: /^packages\/tensor-core\/src\/backends\//,
    reason: "only a backend imports backends/; ops run where their inputs live",
  },
  {
    from: /^packages\/tensor-core\/src\/(?:ops|backends)\//,
    to: /^packages\/tensor-core\/src\/nn\//,
    reason: "layers stand on ops and backends, not the other way",
  },
  {
    from: /^packages\/tensor-core\/src\/(?!testing\/)/,
    to: /^packages\/tensor-core\/src\/testing\//,
    reason: "testing/ is for tests",
  },
  {
    from: /^packages\/tensor-core\/src\/image\//,
    to: /^packages\/tensor-core\/src\/(?:ops|nn|backends)\//,
    reason: "image/ works on bytes before there are tensors",
  },
];

/** A kind of import that only some files may have. */
export type ImportWall = {
  readonly specifier: RegExp;
  readonly allowed: RegExp;
  readonly testsExempt: boolean;
  readonly reason: string;
};

const platformFiles =
  /^(?:apps\/|tools\/|packages\/trainers\/src\/node\/|packages\/tensor-core\/src\/(?:backends\/(?:simd\/(?:kernel-thread|processors|worker)|webgpu\/device|tfjs\/node-util)|files\/node|host)\.ts$)/;

export const importWalls: ReadonlyArray<ImportWall> = [
  {
    specifier: /^@tensorflow\//,
    allowed:
      /^(?:tools\/|packages\/tensor-core\/src\/backends\/(?:tfjs\/|disposed\.test\.ts$)|apps\/cli\/src\/backends\/tfjs\.ts$)/,
    testsExempt: false,
    reason: "@tensorflow/* belongs to packages/tensor-core/src/backends/tfjs/ and apps/cli/src/backends/tfjs.ts",
  },
  {
    specifier: /^node:/,
    allowed: platformFiles,
    testsExempt: true,
    reason: "node:* belongs to apps, tools, trainers/src/node/ and the few files of packages that stand on the host",
  },
];

/** A global that only some files may use, by its first name or by its whole path. */
export type GlobalWall = {
  readonly name: RegExp;
  readonly allowed: RegExp;
  readonly testsExempt: boolean;
  readonly reason: string;
};

const hostGlobals = [
  "window document location history localStorage sessionStorage indexedDB self Worker SharedWorker",
  "importScripts postMessage crossOriginIsolated OffscreenCanvas ImageBitmap ImageData createImageBitmap",
  "requestAnimationFrame XMLHttpRequest WebSocket process Buffer require __dirname __filename setImmediate",
]
  .join(" ")
  .split(" ");

export const globalWalls: ReadonlyArray<GlobalWall> = [
  {
    name: /^WebAssembly$/,
    allowed:
      /^(?:apps\/|tools\/|packages\/masking\/src\/bulk\.ts$|packages\/tensor-core\/src\/(?:backends\/simd\/(?:module|worker)|image\/resample-wasm)\.ts$)/,
    testsExempt: true,
    reason: "WebAssembly belongs to simd/module.ts, simd/worker.ts, image/resample-wasm.ts and masking's bulk.ts",
  },
  {
    name: /^GPU[A-Z]\w*$/,
    allowed: /^(?:apps\/|tools\/|packages\/tensor-core\/src\/backends\/webgpu\/)/,
    testsExempt: false,
    reason: "WebGPU belongs to packages/tensor-core/src/backends/webgpu/",
  },
  {
    name: /^(?:Math\.random|crypto\.(?:getRandomValues|randomUUID)|Date|performance)$/,
    allowed: /^(?:apps\/|tools\/|packages\/[^/]+\/bench\/)/,
    testsExempt: false,
    reason: "packages take randomness and time as arguments",
  },
  {
    name: /^fetch$/,
    allowed: /^(?:apps\/|tools\/|packages\/trainers\/src\/node\/|packages\/tensor-core\/src\/files\/request\.ts$)/,
    testsExempt: true,
    reason: "downloads belong to apps, tools and tensor-core's files/request.ts",
  },
  {
    name: /^navigator$/,
    allowed: new RegExp(`${platformFiles.source}|^packages\\/tensor-core\\/src\\/files\\/browser-cache\\.ts$`),
    testsExempt: true,
    reason: "the browser belongs to apps, the threads of a backend and tensor-core's files/browser-cache.ts",
  },
  {
    name: new RegExp(`^(?:${hostGlobals.join("|")}|HTML\\w*Element|Canvas\\w+)$`),
    allowed: platformFiles,
    testsExempt: true,
    reason: "the host belongs to apps, tools, trainers/src/node/, the threads of a backend and files/node.ts",
  },
];
