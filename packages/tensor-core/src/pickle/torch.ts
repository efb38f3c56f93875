// A PyTorch checkpoint as its tree and the places of its tensors, by ranges: the part that files in memory and sources share.
import { readLegacyContainer, readZipContainer } from "./containers.ts";
import type { Contents } from "./containers.ts";
import { flatten } from "./flatten.ts";
import type { PickleTensor } from "./value.ts";
import type { ContainerInput } from "./zip.ts";
import type { RangeReader } from "../files/ranges.ts";

export type TorchContents = Contents & {
  /** Checked against their storages; named as in `TorchFile`. */
  readonly tensors: ReadonlyMap<string, PickleTensor>;
  /** As in `TorchFile`. */
  readonly setAside: ReadonlyMap<string, string>;
};

export function* readTorchContents(
  kind: "torch-zip" | "torch-legacy",
  input: ContainerInput,
): RangeReader<TorchContents> {
  const contents = yield* kind === "torch-zip" ? readZipContainer(input) : readLegacyContainer(input);
  const found = flatten(contents.root, {
    limits: input.limits,
    bigEndian: contents.bigEndian,
    maxVisits: 1000 + 8 * contents.steps,
    maxCopiedBytes: input.size + input.limits.maxExtraBytes,
  });
  return { ...contents, ...found };
}
