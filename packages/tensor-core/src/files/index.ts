// Weight files as sources that are read in ranges: in memory, as a Blob, from the network and its cache. Node's files have
// an entry of their own, `files/node`.
export { openFileCache } from "./browser-cache.ts";
export { createFileCache } from "./cache.ts";
export type { CachedFile, CacheOpenOptions, CacheWriter, DirectoryLike, FileCache, FileHandleLike } from "./cache.ts";
export { FileError } from "./error.ts";
export type { FileErrorCode } from "./error.ts";
export { firstOf } from "./first-of.ts";
export { hashSource } from "./hash-source.ts";
export type { AbortSignalLike, HashOptions } from "./hash-source.ts";
export { openSources, withSources } from "./open-sources.ts";
export type { DroppedFile, ModelInput, NamedBlob, OpenedSources, SourceOptions } from "./open-sources.ts";
export { CHECKPOINT_FORMAT, CHECKPOINT_VERSION } from "./checkpoint-files.ts";
export { isAddress, shownAddress } from "./address.ts";
export { createSha256 } from "./sha256.ts";
export type { Sha256 } from "./sha256.ts";
export { sniffSource } from "./sniff.ts";
export { blobSource, bytesSource, readWhole } from "./source.ts";
export type { BlobLike, FileSource } from "./source.ts";
export { openTensors } from "./tensors.ts";
export type { LazyTensor, TensorFile } from "./tensors.ts";
export { openUrl } from "./url.ts";
export type { DownloadLimits, UrlOptions } from "./url.ts";
export type { ResponseLike } from "./request.ts";
export { describeFile } from "../pickle/sniff.ts";
export type { FileKind } from "../pickle/sniff.ts";
