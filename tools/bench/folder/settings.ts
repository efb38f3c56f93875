// A folder of photographs to visual tokens: what is asked of both sides.
export const folderSettings = { images: 64, width: 500, height: 375, quality: 90, batch: 16, seed: 1 };

export type FolderRequest = {
  readonly folder: string;
  readonly names: readonly string[];
  readonly size: number;
  readonly batch: number;
  readonly threads: number;
  /** Where to write the visual tokens, int32, image after image. */
  readonly output: string;
};

/** Milliseconds for all images; nothing is counted before the model is ready. */
export type FolderResult = {
  /** Files to visual tokens. */
  readonly totalMs: number;
  /** Of that, with nothing to encode: batches that were not ready when they were wanted. */
  readonly waitMs?: number;
  readonly cpuMs: number;
  readonly peakRssBytes: number;
  /** Each part by itself, one after another, where it is known. */
  readonly stages?: {
    /** Reading and decoding. */
    readonly decodeMs: number;
    readonly resizeMs: number;
    readonly encodeMs: number;
  };
  readonly versions?: Readonly<Record<string, string>>;
};
