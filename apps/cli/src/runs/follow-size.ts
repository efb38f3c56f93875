// One size of images stands at several places of a recipe. Whoever says it at one of them has said it of all.
import { isImageSize, sameSize, type ImageSize } from "@beitjs/tensor-core/grid";
import { fitAt, type FineTuneRecipe, type StageName } from "@beitjs/trainers";

type Values = Readonly<Record<string, unknown>>;
type Path = readonly [string, string];

const places: Partial<Record<StageName, readonly Path[]>> = {
  pretrain: [
    ["model", "imageSize"],
    ["views", "pixelSize"],
  ],
  "fine-tune": [
    ["model", "imageSize"],
    ["view", "size"],
    ["evalView", "size"],
  ],
};

export type FollowedSize = {
  readonly recipe: Values;
  /** What follows, and from where. */
  readonly taken?: { readonly from: string; readonly values: Readonly<Record<string, unknown>> };
};

/**
 * The recipe with the size that was asked for at one place at the others, and the crop of evaluations that goes with it.
 *
 * @param asked what the user says of a path, if anything
 * @param before the evaluation view as it was before the user said something
 */
export function followSize(
  recipe: Values,
  asked: (path: readonly string[]) => unknown,
  before: Pick<FineTuneRecipe["evalView"], "size"> | undefined,
): FollowedSize {
  const stage = recipe["stage"];
  const all = Object.entries(places).find(([name]) => name === stage)?.[1] ?? [];
  const said = all.filter((path) => isImageSize(asked(path)));
  if (said.length === 0) return { recipe };
  const size = asked(said[0]) as ImageSize;
  // Of two that differ neither is meant more.
  if (said.some((path) => !sameSize(asked(path) as ImageSize, size))) return { recipe };
  const values = new Map<string, unknown>();
  let followed = recipe;
  const set = (path: Path, value: unknown): void => {
    const [part, key] = path;
    const fields = followed[part];
    // What is no group of fields is the check's to refuse.
    if (!isGroup(fields) || JSON.stringify(fields[key]) === JSON.stringify(value)) return;
    followed = { ...followed, [part]: { ...fields, [key]: value } };
    values.set(path.join("."), value);
  };
  for (const path of all) if (asked(path) === undefined) set(path, size);
  const evalView = recipe["evalView"];
  const { fit } = (isGroup(evalView) ? evalView : {}) as Partial<FineTuneRecipe["evalView"]>;
  const saysFit = ["kind", "cropRatio"].some((key) => asked(["evalView", "fit", key]) !== undefined);
  if (fit && before && !saysFit) set(["evalView", "fit"], fitAt(fit, before.size, size));
  if (values.size === 0) return { recipe };
  return { recipe: followed, taken: { from: said[0].join("."), values: Object.fromEntries(values) } };
}

function isGroup(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
