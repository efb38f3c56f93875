// What the package asks of Node, at run time and described here: bundlers see no import of Node's, compilers need no types of it.

/** A version of Node in which `process.getBuiltinModule` is, and all else that packages need. */
const LEAST_NODE = "20.19";

export type FileHandle = {
  stat(): Promise<{ readonly size: number; isFile(): boolean; isDirectory(): boolean }>;
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
};

type NodeWorker = {
  postMessage(message: unknown): void;
  terminate(): unknown;
  once(event: "message" | "error", listener: (value: Error) => void): void;
  unref(): void;
};

type NodeModules = {
  "node:fs/promises": { open(path: string, flags: "r"): Promise<FileHandle> };
  "node:os": { availableParallelism(): number };
  "node:v8": { setFlagsFromString(flag: string): void };
  "node:worker_threads": { Worker: new (source: string, options: { eval: true }) => NodeWorker };
};

export type NodeProcess = {
  readonly versions?: { readonly node?: string };
  readonly arch?: string;
  hrtime: { bigint(): bigint };
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
