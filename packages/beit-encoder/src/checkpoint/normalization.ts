// The mean and std that scale a model's images: those of ImageNet's pixels or 0.5, and what tells which of them a model was
// trained with. All recipes of BEiT v2 take ImageNet's, those of ImageNet-22k take 0.5. (microsoft/unilm, beit and beit2)
import type { Description } from "./origins/origin.ts";
import { signedPixels, type Preprocessing } from "./preprocessing.ts";

/** The mean and std of ImageNet's pixels by channel, or 0.5, which gives [-1, 1]. */
export type NormalizationName = "imagenet" | "half";

/**
 * Why a model's images have their mean and std: the caller said so (`option`), its files have them, it was recognized as one
 * of the models that are known to have them, or nothing tells and it is a guess, what its origin does by default (`convention`).
 */
export type NormalizationReason = "option" | "files" | "recognized" | "convention";

/** What is said of a model's mean and std, which stand in its preprocessing. */
export type NormalizationFacts = {
  /** Absent for others than these two. */
  readonly name?: NormalizationName;
  readonly reason: NormalizationReason;
};

type Statistics = Pick<Preprocessing, "mean" | "std">;

// torchvision's and timm's IMAGENET_DEFAULT_MEAN and IMAGENET_DEFAULT_STD
const imagenet: Statistics = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Which of the two a mean and std are, but for rounding; undefined for others. */
export function normalizationName({ mean, std }: Statistics): NormalizationName | undefined {
  const channels = mean.length;
  const same = (one: Statistics) =>
    [...one.mean, ...one.std].every((value, i) => Math.abs(value - [...mean, ...std][i]) < 1e-6);
  if (same(signedPixels(channels))) return "half";
  return channels === 3 && same(imagenet) ? "imagenet" : undefined;
}

/**
 * The mean and std of a name, by channel.
 *
 * @throws `[namedNormalization] expected …` for ImageNet's of others than RGB
 */
export function namedNormalization(name: NormalizationName, channels: number): Statistics {
  const statistics = named(name, channels);
  if (statistics) return statistics;
  const got = `${channels} ${channels === 1 ? "channel" : "channels"}`;
  throw new Error(
    `[namedNormalization] expected RGB for ImageNet's mean and std (--normalization imagenet), got ${got}`,
  );
}

export type KnownNormalization = {
  readonly reason: "files" | "recognized";
  readonly is: NormalizationName | Statistics;
};

/**
 * @internal The preparation of a model: `wanted` before what the files say, that before what the names of the files tell, and
 * the convention last.
 *
 * @throws as `namedNormalization`
 */
export function withNormalization(
  { preprocessing, normalization }: Pick<Description, "preprocessing" | "normalization">,
  convention: Preprocessing,
  { wanted, names }: { readonly wanted: NormalizationName | undefined; readonly names: readonly string[] },
): { readonly preprocessing: Preprocessing; readonly normalization: NormalizationFacts } {
  const base = preprocessing ?? convention;
  const channels = base.mean.length;
  const facts = (statistics: Statistics, reason: NormalizationReason) => {
    const name = normalizationName(statistics);
    return {
      preprocessing: { ...base, mean: statistics.mean, std: statistics.std },
      normalization: { ...(name && { name }), reason },
    };
  };
  if (wanted) return facts(namedNormalization(wanted, channels), "option");
  const known = normalization ?? (preprocessing ? undefined : recognizedIn(names));
  const statistics = known && (typeof known.is === "string" ? named(known.is, channels) : known.is);
  if (known && statistics?.mean.length === channels) return facts(statistics, known.reason);
  return facts(base, preprocessing ? "files" : "convention");
}

/** @internal What the name of an architecture of timm tells, with or without a tag behind it. */
export function recognizedArchitecture(name: unknown): KnownNormalization | undefined {
  if (typeof name !== "string") return undefined;
  const is = name.startsWith("beitv2_") ? "imagenet" : name.startsWith("beit_") ? "half" : undefined;
  return is && { reason: "recognized", is };
}

/** @internal */
export const recognizedAsV2: KnownNormalization = { reason: "recognized", is: "imagenet" };

// As unilm and timm call what they released: beitv2_base_patch16_224_pt1k_ft21kto1k.pth, beit_large_patch16_512_pt22k_ft22kto1k.pth,
// beit_base_patch16_224.in22k_ft_in22k. A name without the data may be of either: fine-tuning of v2 says beit_base_patch16_224, too.
function recognizedIn(names: readonly string[]): KnownNormalization | undefined {
  const last = names.map((name) => name.replace(/[?#].*$/, "").replace(/^.*[/\\]/, ""));
  if (last.some((name) => /(^|[^a-z])beit[-_]?v2/i.test(name))) return recognizedAsV2;
  const released = /^beit[-_](base|large)[-_]patch16[-_]\d+[-_.](pt|in)22k/i;
  return last.some((name) => released.test(name)) ? { reason: "recognized", is: "half" } : undefined;
}

function named(name: NormalizationName, channels: number): Statistics | undefined {
  if (name === "half") return signedPixels(channels);
  return channels === 3 ? imagenet : undefined;
}
