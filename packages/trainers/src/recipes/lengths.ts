// Lengths in recipes: told in epochs, as shares of the run or in updates, so that a schedule fits other data than it was
// written for. How many updates they are is known once the images are; here is the one place that says it.
import { stepsPerEpoch } from "../data/batches.ts";
import type { Length, Recipe } from "./recipe.ts";

/** How long a run is, in updates. */
export type RunLength = { readonly stepsPerEpoch: number; readonly totalSteps: number };

type Place = {
  /** The length's key, and that of the object it is in. */
  readonly of: "learningRate" | "temperature" | "klWeight";
  readonly key: "warmup" | "over";
  readonly name: string;
  /** What it was called when it was a number of steps. */
  readonly before: string;
};

/** All places of recipes where a length stands. */
export const lengthPlaces: readonly Place[] = [
  { of: "learningRate", key: "warmup", name: "a warm-up", before: "warmupSteps" },
  { of: "temperature", key: "over", name: "an annealing of the temperature", before: "steps" },
  { of: "klWeight", key: "over", name: "an annealing of the KL weight", before: "steps" },
];

/**
 * How long a run of a recipe on these images is.
 *
 * @throws RangeError if the data does not fill a batch
 */
export function runLength(
  { epochs, batchSize }: Pick<Recipe, "epochs" | "batchSize">,
  images: { readonly length: number },
): RunLength {
  const perEpoch = stepsPerEpoch(images, { batchSize });
  return { stepsPerEpoch: perEpoch, totalSteps: epochs * perEpoch };
}

/** A length in updates, rounded; at least one of what is not 0. */
export function stepsIn(length: Length, run: RunLength): number {
  const steps = exactSteps(length, run);
  return steps === 0 ? 0 : Math.max(1, Math.round(steps));
}

function exactSteps(length: Length, run: RunLength): number {
  if ("steps" in length) return length.steps;
  return "epochs" in length ? length.epochs * run.stepsPerEpoch : length.share * run.totalSteps;
}

/** The recipe with its lengths in updates: two that are equal so train the same bits. */
export function inSteps<R extends Recipe>(recipe: R, run: RunLength): R {
  const resolved = placesIn(recipe).map(({ of, key, length }) => {
    return [of, { ...(recipe[of as keyof R] as object), [key]: { steps: stepsIn(length, run) } }];
  });
  return { ...recipe, ...(Object.fromEntries(resolved) as object) };
}

/**
 * What is wrong with a schedule for a run of this length, in words: a warm-up that leaves no step at a falling rate, or an
 * annealing that does not come to its end. Undefined for one that fits.
 */
export function tooLong(recipe: Recipe, run: RunLength): string | undefined {
  const { totalSteps } = run;
  for (const { of, key, name, length } of placesIn(recipe)) {
    const steps = stepsIn(length, run);
    const isWarmup = key === "warmup";
    // One step of warm-up is none: it has the peak's rate.
    if (isWarmup ? steps <= 1 || steps < totalSteps : steps <= totalSteps) continue;
    const bound = isWarmup ? "shorter than" : "no longer than";
    const wayOut = `raise epochs, or give ${of}.${key} as a share of the run, such as { share: ${isWarmup ? 0.1 : 0.5} }`;
    return `expected ${name} ${bound} the run of ${totalSteps} steps, got ${inWords(length, steps)}; ${wayOut}`;
  }
  return undefined;
}

function inWords(length: Length, steps: number): string {
  if ("steps" in length) return `${steps} steps`;
  return "epochs" in length
    ? `${length.epochs} epochs = ${steps} steps`
    : `a share of ${length.share} = ${steps} steps`;
}

function placesIn(recipe: Recipe): readonly (Place & { readonly length: Length })[] {
  return lengthPlaces.flatMap((place) => {
    const parent = (recipe as Partial<Record<Place["of"], Readonly<Record<string, unknown>>>>)[place.of];
    return parent === undefined ? [] : [{ ...place, length: parent[place.key] as Length }];
  });
}
