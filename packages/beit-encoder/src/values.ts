// Parameters as host values by path: what is loaded, converted and saved.
import { leaves, sizeOf, type Backend, type Shape, type Tensor } from "@beitjs/tensor-core";
import { sameGrid, type Grid } from "@beitjs/tensor-core/grid";
import { gridOf, type BeitConfig } from "./config.ts";
import { buildBeit, type FreshValues } from "./init.ts";
import { parameterShapes, type Beit } from "./parameters.ts";
import { resizePositions, type PositionResizing } from "./positions/absolute.ts";
import { resizeTable, type TableResizing } from "./positions/relative.ts";
import { rowsFor, squareGrid } from "./positions/stored-grid.ts";

/** A tensor on the host, row-major. */
export type HostTensor = { readonly shape: Shape; readonly data: Float32Array };

export type HostTensors = ReadonlyMap<string, HostTensor>;

const TABLE = "relativePositionBias";

/** Values of all parameters by path, in float32. */
export async function readParameters({ params }: Beit): Promise<Map<string, HostTensor>> {
  const values = new Map<string, HostTensor>();
  for (const [path, leaf] of leaves<Tensor>(params)) {
    values.set(path, { shape: leaf.shape, data: Float32Array.from(await leaf.read()) });
  }
  return values;
}

/** @internal A model of these values; what they lack is made by `fresh`, or refused. */
export function beitFromValues(
  caller: string,
  config: BeitConfig,
  values: HostTensors,
  { backend, fresh }: { readonly backend: Backend; readonly fresh?: FreshValues },
): Beit {
  for (const [path, shape] of parameterShapes(config)) {
    const found = values.get(path);
    if (!found && fresh) continue;
    const fits = found?.shape.join() === shape.join() && found.data.length === sizeOf(shape);
    if (!fits) {
      throw new Error(`[${caller}] expected ${path} [${shape.join(", ")}], got ${found ? describe(found) : "none"}`);
    }
  }
  return buildBeit(config, backend, (path, shape) => (values.get(path)?.data ?? fresh?.(path, shape)) as Float32Array);
}

/** @internal Every block has tensors: a config that promises more blocks than tensors is refused before it is spelled out. */
export function checkDepth(caller: string, { depth: own, decoder }: BeitConfig, tensors: number): void {
  const depth = own + (decoder?.depth ?? 0);
  if (depth <= tensors) return;
  throw new Error(
    `[${caller}] expected the tensors of ${depth} blocks, as the config says, got ${tensors} tensors in all`,
  );
}

/** How parameters that depend on the image size meet another one; default the official ways. */
export type ResizingOptions = {
  readonly tableResizing?: TableResizing | undefined;
  readonly positionResizing?: PositionResizing | undefined;
};

/** The grid that positions and tables are for; default the new one if they fit it, else a square. */
export type SourceGrid = { readonly from?: Grid | undefined };

/**
 * @internal The same parameters for another config of the same blocks: a shared table of relative positions is copied to
 * every layer where layers have their own, and positions meet the new grid. (run_class_finetuning.py)
 */
export function adaptValues(
  values: HostTensors,
  config: BeitConfig,
  options: ResizingOptions & SourceGrid = {},
): Map<string, HostTensor> {
  const adapted = new Map<string, HostTensor>();
  for (const [path, value] of values) {
    const fitted = fitGrid(path, value, config, options);
    if (path !== TABLE || config.relativePositions !== "per-layer") adapted.set(path, fitted);
    else for (let i = 0; i < config.depth; i++) adapted.set(`blocks.${i}.attention.${TABLE}`, fitted);
  }
  return adapted;
}

/** @internal The value of a parameter for the image size of a config. */
export function fitGrid(
  path: string,
  value: HostTensor,
  config: BeitConfig,
  { tableResizing = "geometric-cubic", positionResizing = "bicubic", from: known }: ResizingOptions & SourceGrid,
): HostTensor {
  const kind = path === "positions" ? "positions" : path.endsWith(TABLE) ? "table" : undefined;
  if (kind === undefined) return value;
  const [rows, width] = value.shape;
  const to = gridOf(config);
  const from = known ?? (rows === rowsFor(kind, to) ? to : squareGrid(kind, rows));
  if (!from)
    throw new Error(`[loadBeit] expected ${path} of a square grid, got ${rows} rows; say the grid as \`from\``);
  if (sameGrid(from, to)) return value;
  const data =
    kind === "table"
      ? resizeTable(value.data, { heads: width, from, to, method: tableResizing })
      : resizePositions(value.data, { width, from, to, method: positionResizing });
  return { shape: [rowsFor(kind, to), width], data };
}

function describe({ shape, data }: HostTensor): string {
  return `[${shape.join(", ")}] with ${data.length} values`;
}
