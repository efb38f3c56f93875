// What the package asks of Node, at run time and described here: bundlers see no import of Node's, compilers need no types of it.

/** A version of Node in which `process.getBuiltinModule` is, and all else that packages need. */
const LEAST_NODE = "20.19";

export type FileHandle = {
  stat(): Promise<{ readonly size: number; isFile(): boolean; isDirectory(): boolean }>;
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
};

export type NodeWorker = {
  postMessage(message: unknown): void;
  terminate(): unknown;
  on(event: "message" | "error" | "exit", listener: (value: unknown) => void): void;
  unref(): void;
  /** Asked of a thread that has ended, while nobody has turned to its event, Node answers with an `idle` below 0. */
  readonly performance?: { eventLoopUtilization(): { readonly idle: number; readonly active: number } };
};

/** The part of `crypto.Hash` that is used here. */
export type NodeHash = {
  update(bytes: Uint8Array): unknown;
  copy(): NodeHash;
  digest(encoding: "hex"): string;
};

export type Crc32 = (bytes: Uint8Array, before?: number) => number;

type NodeModules = {
  "node:crypto": { createHash(name: "sha256"): NodeHash };
  "node:fs": { readFileSync(path: string, encoding: "utf8"): string };
  "node:fs/promises": {
    open(path: string, flags: "r"): Promise<FileHandle>;
    stat(path: string): Promise<{ isFile(): boolean; isDirectory(): boolean }>;
    readdir(path: string): Promise<string[]>;
    readFile(path: string, encoding: "utf8"): Promise<string>;
  };
  "node:os": { availableParallelism(): number };
  "node:url": { fileURLToPath(url: string): string };
  "node:v8": { setFlagsFromString(flag: string): void };
  "node:worker_threads": { Worker: new (source: string, options: { eval: true }) => NodeWorker };
  // Since Node 20.15 and 22.2; other runtimes that call themselves Node may lack it.
  "node:zlib": { readonly crc32?: Crc32 };
};

export type NodeProcess = {
  readonly versions?: { readonly node?: string };
  readonly arch?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  hrtime: { bigint(): bigint };
  emitWarning?(message: string, options: { readonly type: string; readonly code: string }): void;
  getBuiltinModule?<Name extends keyof NodeModules>(name: Name): NodeModules[Name];
};

/** Node's `process`; undefined elsewhere. */
export function nodeProcess(): NodeProcess | undefined {
  const { process } = globalThis as { process?: NodeProcess };
  return process?.versions?.node === undefined ? undefined : process;
}

/**
 * A module of Node's.
 *
 * @throws outside of Node, and in a Node that is too old to be asked
 */
export function nodeModule<Name extends keyof NodeModules>(name: Name, process = nodeProcess()): NodeModules[Name] {
  if (process?.getBuiltinModule) return process.getBuiltinModule(name);
  const got = process ? `Node ${process.versions?.node}` : "a host that is not Node";
  throw new Error(`[beitjs] expected Node ${LEAST_NODE} or newer for ${name}, got ${got}`);
}

/** A new SHA-256 of Node's, OpenSSL's, which takes an eighth of the time of ours; undefined elsewhere. */
export function nodeSha256(): NodeHash | undefined {
  return nodeProcess()?.getBuiltinModule?.("node:crypto").createHash("sha256");
}

/** The CRC-32 of Node's zlib; undefined elsewhere. */
export function nodeCrc32(): Crc32 | undefined {
  return nodeProcess()?.getBuiltinModule?.("node:zlib").crc32;
}
