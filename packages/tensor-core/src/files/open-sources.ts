// One argument for a model, whatever it is: a path or an address, of a file or of a folder, files of a page, bytes. What opens models
// takes it through here, so that all of them take the same.
import { isAddress, originOf, shownAddress } from "./address.ts";
import type { FileCache } from "./cache.ts";
import { FileError } from "./error.ts";
import type { AbortSignalLike } from "./hash-source.ts";
import { modelInFolder, type FoundModel, type ListedFolder, type SkippedCheckpoint } from "./listed-folder.ts";
import { openFile, type OpenFile } from "./node.ts";
import { downloader, modelAtAddress, type Download } from "./remote-folder.ts";
import { blobSource, bytesSource, type BlobLike, type FileSource } from "./source.ts";
import type { DownloadLimits, UrlOptions } from "./url.ts";
import { nodeModule, nodeProcess } from "../host.ts";

/** A `Blob`, or a `File` of a chosen folder, which knows its path there. */
export type NamedBlob = BlobLike & { readonly name?: string; readonly webkitRelativePath?: string };

/** A file of a dropped folder, which does not know its path. */
export type DroppedFile = { readonly path: string; readonly file: BlobLike };

type OneInput = string | { readonly href: string } | FileSource | NamedBlob | DroppedFile | Uint8Array | ArrayBuffer;

/**
 * What stands for a model:
 *
 * - a string: in Node a path of a file or a folder, anywhere an http(s) address of one, in a page also an address relative to it
 * - a `URL`
 * - a `Blob` or `File`, bytes, or a `FileSource`: one file
 * - several of them in any order: `encoder.pkl` and `decoder.pkl`, a `FileList`, the files of a dropped folder
 *
 * A folder may be one of Hugging Face or timm, shards included, a run or a checkpoint of ours (of a run the best checkpoint if
 * it has one, or the newest good one), or Hugging Face's download cache. An address may be that of a hub's repository or revision (`https://host/owner/name`,
 * `…/tree/main`), or of any folder that is served.
 */
export type ModelInput = OneInput | Iterable<OneInput>;

export type SourceOptions = {
  /**
   * For addresses that want one: sent as a bearer token to the hosts that were given, over https, and to no other; or what gives
   * the token for an origin such as `https://huggingface.co`.
   */
  readonly token?: string | ((origin: string) => string | undefined) | undefined;
  /** SHA-256 that the file of weights at an address must have. */
  readonly sha256?: string | undefined;
  readonly signal?: AbortSignalLike | undefined;
  /** Where files of addresses are kept; see `openFileCache`. */
  readonly cache?: FileCache | undefined;
  /** Bytes of a file so far, and of all where the server says it. */
  readonly onDownload?: ((name: string, loaded: number, total: number | undefined) => void) | undefined;
  /** Told before a download that broke off goes on, with its file, what went wrong, and the bytes that are there. */
  readonly onRetry?: ((name: string, error: FileError, loaded: number) => void) | undefined;
  /** Of each download. */
  readonly limits?: DownloadLimits | undefined;
  /** Another `fetch`, for tests. */
  readonly fetch?: UrlOptions["fetch"] | undefined;
};

export type OpenedSources = {
  readonly sources: readonly FileSource[];
  /** Where they are, for people and records: no credentials, no query; of a run, the checkpoint that was taken. */
  readonly name: string;
  /** Newer checkpoints of a run that were passed over, and why. */
  readonly skipped: readonly SkippedCheckpoint[];
  /** Gives files back to the system; sources that were given stay open. */
  close(): Promise<void>;
};

/**
 * Opens the files of one model.
 *
 * ```ts
 * const { sources, close } = await openSources("https://huggingface.co/owner/name");
 * ```
 * @throws FileError naming the path or the address: "Missing" where there is nothing, or nothing that could be a model; as `openFile`
 * and `openUrl`
 */
export async function openSources(model: ModelInput, options: SourceOptions = {}): Promise<OpenedSources> {
  const opened: OpenFile[] = [];
  const close = async (): Promise<void> => {
    for (const file of opened.splice(0)) await file.close();
  };
  try {
    const found = await findModel(model, { opened, download: downloadWith(options), sha256: options.sha256 });
    return { ...found, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Opens the files of a model for as long as `body` takes. */
export async function withSources<Result>(
  model: ModelInput,
  options: SourceOptions,
  body: (opened: OpenedSources) => Promise<Result>,
): Promise<Result> {
  const opened = await openSources(model, options);
  try {
    return await body(opened);
  } finally {
    await opened.close();
  }
}

type Means = {
  /** Files to be closed later. */
  readonly opened: OpenFile[];
  readonly download: Download;
  readonly sha256: string | undefined;
};

async function findModel(model: ModelInput, means: Means): Promise<FoundModel> {
  if (!isSeveral(model)) return isPlaced(model) ? fromPage([model]) : findOne(model, means);
  const inputs = [...model];
  const placed = inputs.filter(isPlaced);
  if (placed.length === inputs.length && placed.length > 0) return fromPage(placed);
  const all: FoundModel[] = [];
  for (const one of inputs) all.push(await findOne(one, means));
  return {
    sources: all.flatMap(({ sources }) => sources),
    name: all.map(({ name }) => name).join(", "),
    skipped: all.flatMap(({ skipped }) => skipped),
  };
}

async function findOne(model: OneInput, means: Means): Promise<FoundModel> {
  if (typeof model === "string") {
    if (/^file:/i.test(model)) return onDisk(nodeModule("node:url").fileURLToPath(model), means);
    const remote = isAddress(model) || nodeProcess() === undefined;
    return remote ? modelAtAddress(model, means.download, means.sha256) : onDisk(model, means);
  }
  if (model instanceof Uint8Array) return oneFile(bytesSource(model));
  if (model instanceof ArrayBuffer) return oneFile(bytesSource(new Uint8Array(model)));
  if (typeof model === "object" && model !== null) {
    if ("read" in model) return oneFile(model);
    if (isPlaced(model)) return oneFile(sourceOf(model));
    if ("href" in model) return findUrl(model.href, means);
    if ("size" in model && "slice" in model) return oneFile(blobSource(model));
  }
  throw new TypeError(`[openSources] expected a path, an address, files or bytes, got ${String(model)}`);
}

function findUrl(href: string, means: Means): Promise<FoundModel> | FoundModel | Promise<FoundModel> {
  if (isAddress(href) || /^file:/i.test(href)) return findOne(href, means);
  // blob: and data: have neither folders nor neighbors.
  const options = means.sha256 === undefined ? {} : { sha256: means.sha256 };
  return means.download(href, options).then(oneFile);
}

function oneFile(source: FileSource): FoundModel {
  return { sources: [source], name: source.name, skipped: [] };
}

// What a page has of a folder: files with paths. One file is taken whatever it is called.
function fromPage(files: readonly (DroppedFile | NamedBlob)[]): Promise<FoundModel> | FoundModel {
  if (files.length === 1) return oneFile(sourceOf(files[0]));
  const byPath = new Map(files.map((file) => [pathOf(file), file]));
  const open = async (path: string) => sourceOf(byPath.get(path) as DroppedFile);
  const [first] = [...byPath.keys()];
  const common = [...byPath.keys()].every((path) => path.startsWith(`${first.split("/")[0]}/`));
  const folder: ListedFolder = { name: common ? first.split("/")[0] : "the files", paths: [...byPath.keys()], open };
  return modelInFolder(folder);
}

function isPlaced(model: OneInput): model is DroppedFile | NamedBlob {
  if (typeof model !== "object" || model === null) return false;
  return "file" in model || ("webkitRelativePath" in model && typeof model.name === "string");
}

function pathOf(file: DroppedFile | NamedBlob): string {
  if ("file" in file) return file.path.replace(/^\/+/, "");
  return file.webkitRelativePath || (file.name as string);
}

function sourceOf(file: DroppedFile | NamedBlob): FileSource {
  return blobSource("file" in file ? file.file : file, pathOf(file));
}

async function onDisk(path: string, { opened }: Means): Promise<FoundModel> {
  const { stat } = nodeModule("node:fs/promises");
  const stats = await stat(path).catch(() => undefined);
  const run = stats ? undefined : newestOf.exec(path)?.[1];
  if (!stats?.isDirectory() && run === undefined) return oneFile(await kept(path, opened));
  const folder = await snapshotOf((run ?? path).replace(/(?<=.)[\\/]+$/, ""));
  const paths = await pathsIn(folder);
  return modelInFolder({
    name: folder,
    paths: run === undefined ? paths : paths.filter((one) => !one.startsWith("checkpoints/best")),
    open: (name) => kept(`${folder}/${name}`, opened),
  });
}

// What stands for the newest checkpoint of a run that has a best one; there is no such folder.
const newestOf = /^(.+)[\\/]checkpoints[\\/]last[\\/]?$/;

async function kept(path: string, opened: OpenFile[]): Promise<FileSource> {
  const file = await openFile(path);
  opened.push(file);
  return file;
}

// Hugging Face's cache has the files of a revision in snapshots/<commit>, and what the branch stands at in refs.
async function snapshotOf(folder: string): Promise<string> {
  const { readFile, readdir } = nodeModule("node:fs/promises");
  const names = await readdir(folder);
  if (!names.includes("snapshots") || !names.includes("refs")) return folder;
  const commit = await readFile(`${folder}/refs/main`, "utf8").catch(() => undefined);
  const snapshots = await readdir(`${folder}/snapshots`);
  const taken = commit === undefined ? (snapshots.length === 1 ? snapshots[0] : undefined) : commit.trim();
  return taken !== undefined && snapshots.includes(taken) ? `${folder}/snapshots/${taken}` : folder;
}

// The folder's own files, and those of a run's checkpoints.
async function pathsIn(folder: string): Promise<readonly string[]> {
  const { readdir } = nodeModule("node:fs/promises");
  const list = (path: string) => readdir(path).catch((): string[] => []);
  const paths = await readdir(folder);
  if (!paths.includes("checkpoints")) return paths;
  for (const step of await list(`${folder}/checkpoints`)) {
    const names = await list(`${folder}/checkpoints/${step}`);
    paths.push(...names.map((name) => `checkpoints/${step}/${name}`));
  }
  return paths;
}

function isSeveral(model: ModelInput): model is Iterable<OneInput> {
  return typeof model === "object" && model !== null && Symbol.iterator in model && !(model instanceof Uint8Array);
}

function downloadWith({ token, signal, cache, onDownload, onRetry, limits, fetch }: SourceOptions): Download {
  return downloader((address) => {
    const shown = shownAddress(address);
    const name = shown.slice(shown.lastIndexOf("/") + 1);
    const bearer = tokenFor(address, token);
    return {
      ...limits,
      ...(signal && { signal }),
      ...(cache && { cache }),
      ...(fetch && { fetch }),
      ...(bearer !== undefined && { headers: { authorization: `Bearer ${bearer}` } }),
      ...(onRetry && { onRetry: (error, loaded) => onRetry(name, error, loaded) }),
      ...(onDownload && { onProgress: (loaded, total) => onDownload(name, loaded, total) }),
    };
  });
}

function tokenFor(address: string, token: SourceOptions["token"]): string | undefined {
  const origin = originOf(address);
  if (origin === undefined || token === undefined) return undefined;
  const found = typeof token === "string" ? token : token(origin);
  const secret = /^https:|^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(origin);
  if (found === undefined || secret) return found;
  throw new FileError(
    "Download",
    `[openSources] expected an https address to send a token to, got ${shownAddress(address)}`,
  );
}
