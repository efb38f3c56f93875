// What a model makes of patches, as pictures: principal components of their features as colors (as in DINOv2), patches that are like a
// chosen one, where every head of it looks (BEiT paper, section 3.4; DINO's pictures keep 60 % of the mass), and attention rollout.
import {
  attentionMaps,
  attentionRollout,
  cosineSimilarity,
  gridOf,
  largestMass,
  patchCount,
  principalComponents,
  type Beit,
} from "@beitjs/beit-encoder";
import { scope } from "@beitjs/tensor-core";
import { heightWidth } from "@beitjs/tensor-core/grid";
import { fromFloat, type Image } from "@beitjs/tensor-core/image";
import { viewBatch } from "@beitjs/trainers";
import { openBackend } from "../backends/open.ts";
import { isPicture, writePng } from "../files/picture-output.ts";
import { refuseTaken } from "../files/taken.ts";
import { imageBatches } from "../images/batches.ts";
import { joinValues } from "../images/join-values.ts";
import { openImageSources } from "../images/sources.ts";
import { imageFeatures } from "../models/beit-outputs.ts";
import { openEncoder } from "../models/open-beit.ts";
import { parsePatch } from "../models/patch.ts";
import { drawFeatures, type FeaturePanels } from "../pictures/features.ts";
import { mostRows } from "../pictures/most-rows.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import type { featuresFlags } from "./declarations/features.ts";

const colors = 3;

type Seen = {
  readonly name: string;
  readonly image: Image;
  /** [N, D] */
  readonly features: Float32Array;
  /** Of the class token, over patches. */
  readonly rollout: Float64Array;
  readonly looks: readonly Look[];
};

/** Of one patch. */
type Look = {
  readonly patch: number;
  readonly rollout: Float64Array;
  /** Over patches, a head each. */
  readonly heads: readonly Float64Array[];
};

export async function run(flags: FlagValues<typeof featuresFlags>, context: Context): Promise<number> {
  const { out, mass } = flags;
  if (!isPicture(out)) throw usageError(`--out ${out}: expected a name that ends in .png`);
  if (mass !== undefined && mass > 1) throw usageError(`--mass ${mass}: expected a share of at most 1`);
  await refuseTaken([out], flags);
  const { backend } = await openBackend(flags, context);
  const { beit, view } = await openEncoder(flags.model, backend, flags, context);
  const { depth, width, channels } = beit.config;
  const grid = gridOf(beit.config);
  const layer = flags.layer ?? depth - 1;
  if (layer >= depth) throw usageError(`--layer ${layer}: expected 0 to ${depth - 1}`);
  const patches = flags.patch.map((text) => parsePatch(text, grid));
  const images = await openImageSources(flags.images, { ...flags, channels: view.channels }, context);
  const rows = images.length * Math.max(1, patches.length);
  if (rows > mostRows) throw usageError(`--images: expected at most ${mostRows} rows in one picture, got ${rows}`);
  const all: Seen[] = [];
  const options = { view, batch: flags.batch, label: "looking", threads: flags.threads };
  for await (const { names, views } of imageBatches(images, options, context)) {
    const features = await imageFeatures(beit, views, { kind: "patches", layer });
    const length = features.length / views.length;
    for (const [i, pixels] of views.entries()) {
      const image = fromFloat(pixels, { ...heightWidth(view.size), channels }, view.normalization);
      const own = features.slice(i * length, (i + 1) * length);
      all.push({ name: names[i], image, features: own, ...(await lookAt(beit, pixels, { patches, layer })) });
    }
  }
  const joint = joinValues(all.map(({ features }) => features));
  const count = Math.min(colors, width);
  const { mean, scores, shares } = principalComponents(joint, { width, count });
  const compared = all.map((one) => ({
    ...one,
    looks: one.looks.map((look) => ({ ...look, similarity: similarities(one.features, mean, look.patch) })),
  }));
  const shownRows = compared.flatMap(({ image, rollout, looks }, i): FeaturePanels[] => {
    const first = i * patchCount(beit.config) * count;
    const components = { scores: scores.subarray(first, first + patchCount(beit.config) * count), count };
    if (looks.length === 0) return [{ image, components, maps: [stretched(rollout)] }];
    return looks.map(({ patch, similarity, heads, rollout }) => {
      const strongest = mass === undefined ? heads : heads.map((head) => keepMass(head, mass));
      return { image, components, patch, maps: [similarity, stretched(rollout, patch), ...strongest] };
    });
  });
  await writePng(out, drawFeatures(shownRows, { grid, scores, count }));
  tell(compared, { layer, shares, out, patches: flags.patch }, context);
  return exitCodes.done;
}

/** With how alike the patches of the image are to the one that is looked at. */
type Compared = Omit<Seen, "looks"> & {
  readonly looks: readonly (Look & { readonly similarity: readonly number[] })[];
};

type Told = {
  readonly layer: number;
  readonly shares: readonly number[];
  readonly out: string;
  readonly patches: readonly string[];
};

function tell(all: readonly Compared[], { layer, shares, out, patches }: Told, { terminal }: Context): void {
  const percent = shares.map((share) => `${(100 * share).toFixed(1)} %`).join(", ");
  terminal.result(`block ${layer}: the colors explain ${percent} of what differs between patches`);
  for (const { name, rollout, looks } of all) {
    const told = looks.map(({ patch, similarity, heads, rollout }) => ({
      patch,
      similarity,
      rollout: Array.from(rollout),
      heads: heads.map((head) => Array.from(head)),
    }));
    terminal.event("features", { name, layer, rollout: Array.from(rollout), patches: told });
  }
  const columns =
    patches.length === 0
      ? "image; principal components as colors; attention rollout of the class token"
      : `image with patch ${patches.join(" or ")}; principal components as colors; patches like it; its attention rollout; its heads`;
  terminal.info(`${columns}: ${out}`);
  terminal.event("done", { out, images: all.length, layer, shares });
}

async function lookAt(
  beit: Beit,
  pixels: Float32Array,
  { patches, layer }: { readonly patches: readonly number[]; readonly layer: number },
): Promise<Pick<Seen, "rollout" | "looks">> {
  const { backend } = beit.params.classToken;
  const batch = viewBatch([pixels], beit.config, backend);
  try {
    const [all] = await attentionRollout(beit, batch);
    const tokens = Math.sqrt(all.length);
    // Without the first token: of patches alone.
    const rolloutOf = (token: number) => all.slice(token * tokens + 1, (token + 1) * tokens);
    if (patches.length === 0) return { rollout: rolloutOf(0), looks: [] };
    const [map] = scope(backend, () => attentionMaps(beit, batch, { patches, blocks: [layer] })); // [1, H, patches, N + 1]
    const values = await map.read();
    map.dispose();
    const looks = patches.map((patch, query) => ({
      patch,
      rollout: rolloutOf(patch + 1),
      heads: Array.from({ length: beit.config.heads }, (_, head) => {
        const first = (head * patches.length + query) * tokens;
        return Float64Array.from({ length: tokens - 1 }, (_, i) => values[first + 1 + i]);
      }),
    }));
    return { rollout: rolloutOf(0), looks };
  } finally {
    batch.dispose();
  }
}

// Without what all patches have in common, which would make every two alike.
function similarities(features: Float32Array, mean: Float64Array, patch: number): readonly number[] {
  const width = mean.length;
  const vector = (at: number) => mean.map((value, i) => features[at * width + i] - value);
  const chosen = vector(patch);
  return Array.from({ length: features.length / width }, (_, at) => cosineSimilarity(vector(at), chosen));
}

function keepMass(values: Float64Array, mass: number): Float64Array {
  const kept = largestMass(values, mass);
  return values.map((value, i) => value * kept[i]);
}

// From the least to the largest, but for the patch itself: half of it stays where it is in every block.
function stretched(values: Float64Array, own?: number): Float64Array {
  const others = values.filter((_, i) => i !== own);
  const [least, most] = [Math.min(...others), Math.max(...others)];
  return values.map((value) => Math.min(value, most) - least);
}
