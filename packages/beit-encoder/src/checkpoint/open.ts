// A model from the files of whoever made it: look at what is there, ask who wrote it, hear what that origin says of it, match
// all names, read the parameters one by one.
import { disposeSymbol, disposeTree, tensor, type Backend, type Tensor } from "@beitjs/tensor-core";
import { withSources, type FileSource, type ModelInput, type SourceOptions } from "@beitjs/tensor-core/files";
import { heightWidth, imageSizeOf, sameSize, type ImageSize } from "@beitjs/tensor-core/grid";
import { gridOf, validateBeitConfig, type BeitConfig } from "../config.ts";
import { parameterShapes, treeFromPaths, type Beit } from "../parameters.ts";
import { fitGrid, type ResizingOptions, type SourceGrid } from "../values.ts";
import { openFiles } from "./files.ts";
import { matchParameters } from "./match.ts";
import { withNormalization, type NormalizationFacts, type NormalizationName } from "./normalization.ts";
import { originOf, type BeitOrigin, type KnownOrigin } from "./origins/index.ts";
import type { WeightsChoice } from "./origins/origin.ts";
import { checkPreprocessing, type Preprocessing } from "./preprocessing.ts";
import type { StoredTensor } from "./stored.ts";

export type OpenBeitOptions = ResizingOptions &
  SourceOptions & {
    /** Size of the images, if it is not the checkpoint's: positions and tables are resized, by default as the origin does. */
    readonly imageSize?: ImageSize | undefined;
    /** What the files do not say, or say wrongly. Its `imageSize` is the size that the stored positions are for. */
    readonly config?: Partial<BeitConfig> | undefined;
    /** Of a checkpoint that has both: averaged weights, or those of the last step; default as the origin's own loader takes them. */
    readonly weights?: WeightsChoice | undefined;
    /** Mean and std of the images, whatever the files say; for files that do not say. */
    readonly normalization?: NormalizationName | undefined;
    /** Tensors that BEiT does not have (a segmentation head, say) are left aside instead of being an error. */
    readonly allowUnexpected?: boolean | undefined;
    /** Models that are no BEiT but have its blocks: `visionTransformers`. */
    readonly origins?: readonly KnownOrigin[] | undefined;
    readonly onProgress?: ((done: number, total: number) => void) | undefined;
  };

/** What checkpoint files say, before any parameter is read. */
export type BeitFiles = {
  readonly origin: BeitOrigin;
  /** The config of the parameters as they are stored. */
  readonly config: BeitConfig;
  /** The size that its images are for, where the original brings the stored positions to it; by default that of the config. */
  readonly imageSize?: ImageSize;
  /** How its origin brings parameters to another image size. */
  readonly resizing: ResizingOptions;
  /** Fields of the config that nothing in the files says: `heads`, where a width of 64 a head was assumed. */
  readonly guessed: readonly (keyof BeitConfig)[];
  /** Which weights were taken, where the files have both. */
  readonly weights?: WeightsChoice;
  /** Names of the classes, where the files have them. */
  readonly labels?: readonly string[];
  /** Whether an image may have any number of classes, each a yes or no of its own; without it, it has one. */
  readonly multiLabel?: boolean;
  /** From the files, or by the origin's convention. */
  readonly preprocessing: Preprocessing;
  /** Why its mean and std are what they are. */
  readonly normalization: NormalizationFacts;
  /** Names in the files that belong to BEiT but not to this model: another head's, its norm, a mask token. */
  readonly unused: readonly string[];
  /** Every parameter by path, in our layout; nothing is read yet. */
  readonly parameters: ReadonlyMap<string, StoredTensor>;
};

/** A model and what its files say. `using model = await openBeit(…)` frees its parameters at the end of the block. */
export type OpenedBeit = Omit<BeitFiles, "parameters" | "config" | "imageSize"> & OpenedModel;

type OpenedModel = Disposable & {
  readonly beit: Beit;
  /** As the origin has it, or as the options say; for `toClassifier`. */
  readonly resizing: ResizingOptions;
};

/**
 * Opens a model, in float32: a path (in Node), an address, a `URL`, a `Blob`, bytes or sources, of a file of weights (`.safetensors`,
 * or any file of `torch.save`) or of a folder: Hugging Face's or timm's, a run or a checkpoint of ours, on a disk or a hub (see
 * `ModelInput`). Files are told apart by what is in them. Parameters are read one by one, so that the peak of memory is the
 * model and its largest tensor, and what an address gave.
 *
 * A model keeps the heads its file has. For other classes, or for classes on a pre-trained model, `toClassifier` takes it
 * from there, with a fresh head as in the original code.
 *
 * ```ts
 * const { beit, labels } = await openBeit("https://huggingface.co/microsoft/beit-base-patch16-224", cpu);
 * ```
 *
 * @throws `[openBeit] expected …, got …`: no BEiT, a config that we cannot compute, and in one message all tensors that are
 * missing, unexpected, of another shape; what `openTensors` throws for damaged files, and `openSources` for what is not there
 */
export async function openBeit(
  model: ModelInput,
  backend: Backend,
  options: OpenBeitOptions = {},
): Promise<OpenedBeit> {
  return withSources(model, options, ({ sources }) => openFromSources(sources, backend, options));
}

async function openFromSources(
  files: readonly FileSource[],
  backend: Backend,
  options: OpenBeitOptions,
): Promise<OpenedBeit> {
  const {
    parameters,
    config: storedConfig,
    imageSize = storedConfig.imageSize,
    ...facts
  } = await readBeitFiles(files, options);
  const config = { ...storedConfig, imageSize: options.imageSize ?? imageSize };
  validateBeitConfig(config, "openBeit");
  const resizing = {
    tableResizing: options.tableResizing ?? facts.resizing.tableResizing,
    positionResizing: options.positionResizing ?? facts.resizing.positionResizing,
  };
  const beit = await buildBeit(parameters, config, {
    backend,
    resizing: { ...resizing, from: gridOf(storedConfig) },
    onProgress: options.onProgress,
  });
  const preprocessing = sized(facts.preprocessing, imageSize, config.imageSize);
  return { ...facts, preprocessing, beit, resizing, [disposeSymbol]: () => disposeTree(beit.params) };
}

/** What the files of a model say, without reading any parameter; errors as `openBeit`. `openSources` opens them. */
export async function readBeitFiles(
  files: FileSource | readonly FileSource[],
  options: Pick<
    OpenBeitOptions,
    "config" | "imageSize" | "weights" | "normalization" | "allowUnexpected" | "origins"
  > = {},
): Promise<BeitFiles> {
  const sources = "read" in files ? [files] : files;
  const contents = await openFiles(sources);
  const { origin, tensors, weights } = originOf(contents, options.weights, options.origins);
  const {
    config,
    guessed = [],
    labels,
    multiLabel = false,
    optional,
    bothTables,
    naming = origin.naming,
    imageSize,
    resizing,
    ...prepared
  } = origin.describe(contents, tensors, {
    config: options.config ?? {},
    imageSize: options.imageSize,
  });
  const { allowUnexpected = false } = options;
  // First, so that nothing is made of sizes that the tensors do not have.
  const { setAside } = contents;
  const matched = matchParameters(tensors, naming, config, { allowUnexpected, optional, bothTables, setAside });
  const convention = origin.conventions.preprocessing({ ...config, imageSize: imageSize ?? config.imageSize });
  checkPreprocessing(prepared.preprocessing ?? convention, "openBeit");
  return {
    origin: origin.name,
    config,
    ...(imageSize !== undefined && { imageSize }),
    resizing: { ...origin.conventions.resizing, ...resizing },
    guessed,
    ...(weights && { weights }),
    ...(labels && { labels }),
    ...(multiLabel && { multiLabel }),
    ...withNormalization(prepared, convention, {
      wanted: options.normalization,
      names: sources.map(({ name }) => name),
    }),
    ...matched,
  };
}

type BuildOptions = Pick<OpenBeitOptions, "onProgress"> & {
  readonly backend: Backend;
  readonly resizing: ResizingOptions & SourceGrid;
};

async function buildBeit(
  parameters: ReadonlyMap<string, StoredTensor>,
  config: BeitConfig,
  { backend, resizing, onProgress }: BuildOptions,
): Promise<Beit> {
  const leaves: [path: string, leaf: Tensor][] = [];
  const shapes = parameterShapes(config);
  try {
    for (const [path, shape] of shapes) {
      const value = await (parameters.get(path) as StoredTensor).read();
      leaves.push([path, tensor(fitGrid(path, value, config, resizing).data, shape, backend)]);
      onProgress?.(leaves.length, shapes.size);
    }
  } catch (error) {
    for (const [, leaf] of leaves) leaf.dispose();
    throw error;
  }
  return { config, params: treeFromPaths(leaves) };
}

// Images of another size are prepared in the same proportions, unless they come out at that size already.
function sized(preprocessing: Preprocessing, from: ImageSize, to: ImageSize): Preprocessing {
  const prepared = preprocessing.crop === 0 ? preprocessing.size : preprocessing.crop;
  if (sameSize(from, to) || sameSize(prepared, to)) return preprocessing;
  const [old, wanted] = [heightWidth(from), heightWidth(to)];
  const scale = (size: ImageSize): ImageSize => {
    const { height, width } = heightWidth(size);
    return imageSizeOf({
      height: Math.floor((height * wanted.height) / old.height),
      width: Math.floor((width * wanted.width) / old.width),
    });
  };
  return { ...preprocessing, size: scale(preprocessing.size), crop: scale(preprocessing.crop) };
}
