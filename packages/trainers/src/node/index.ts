// What needs Node: image files, folders and data sets on disk.
export { colorProfiles, type ColorProfile } from "./color-profile.ts";
export { createDecodeBudget, type DecodeBudget } from "./decode-budget.ts";
export { decodeImage, DEFAULT_MAX_PIXELS, readImage, type DecodeOptions } from "./decode-image.ts";
export { readImageFacts, type FileStamp, type ImageFacts } from "./image-facts.ts";
export { indexImages, type ImageIndex, type IndexedFolder, type IndexOptions } from "./image-index.ts";
export { isImageError, type ImageError } from "./image-error.ts";
export {
  imageFolder,
  type ImageFolder,
  type ImageFolderOptions,
  type LeftOut,
  type NotListed,
} from "./image-folder.ts";
export { datasetLayout, type DatasetKind, type DatasetLayout, type LayoutOptions } from "./dataset-layout.ts";
export { listFields, type ListColumns, type ListField } from "./image-list.ts";
export type { ListedImages } from "./listed-layout.ts";
export { openDataset, type OpenDatasetOptions, type OpenedDataset } from "./open-dataset.ts";
export { splitNames, type DatasetSplit } from "../data/split-names.ts";
export { requireReadable, verifyDataset, type ImageProblem, type VerifyOptions } from "./verify-dataset.ts";
export { makeFolder } from "./make-folder.ts";
export { diskStorage, writeErrorReason, type CheckpointStorage } from "./checkpoint-files.ts";
export { bestCheckpoint, runOfLast } from "./best-checkpoint.ts";
export {
  cleanCheckpoints,
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
  saveFork,
  type LoadedCheckpoint,
  type SaveCheckpointOptions,
} from "./checkpoint-store.ts";
export { openEventFile, type EventFileOptions } from "./event-file.ts";
export { openJsonLines, type JsonLines, type JsonLinesOptions } from "./json-lines.ts";
export { loadReplay, saveReplay, type Replay, type ReplayFacts } from "./replay-folder.ts";
export { openMetrics, type MetricsOptions, type MetricsWriter } from "./metrics.ts";
export { createWholeFile, writeWholeFile, type WholeFile } from "./whole-file.ts";
export { isRunHeld, lockRun, type RunLock, type RunLockOptions } from "./run-lock.ts";
