// Whether a checkpoint is of the run that the flags ask for: of the same one, of the same but longer, or of another, which is refused.
import { join } from "node:path";
import {
  firstDifference,
  isLonger,
  recipeDifference,
  runLength,
  scheduledValues,
  type DecodedCheckpoint,
  type Recipe,
} from "@beitjs/trainers";
import type { Context } from "../program/command.ts";
import { usageError } from "../program/exit-codes.ts";
import type { Identity } from "./same-images.ts";

type Asked = {
  readonly folder: string;
  readonly recipe: Recipe;
  readonly images: { readonly length: number };
  readonly identity: Identity;
};

type Found = Pick<DecodedCheckpoint, "manifest"> & { readonly path: string };

/**
 * Compares a checkpoint with what it is to go on with, and says what it means where the run becomes longer.
 *
 * @throws a usage error that names the difference and the ways out
 */
export function compareRun(checkpoint: Found, asked: Asked, context: Context): void {
  const { path, manifest } = checkpoint;
  const { recipe, images, identity, folder } = asked;
  const changed = recipeDifference(recipe, manifest.recipe, images);
  const longer = changed !== undefined && isLonger(recipe, manifest.recipe, images);
  if (changed !== undefined && !longer) {
    refuseShorter(checkpoint, asked);
    const kept = path.startsWith(folder) ? `; its recipe is ${join(folder, "recipe.yaml")}` : "";
    throw usageError(
      `${path} is of another run: recipe.${changed} (there: the checkpoint); take the same recipe and data, ` +
        `another --out, or both another --out and --fork ${path} to begin a run of this recipe with its state${kept}`,
    );
  }
  const other = firstDifference(identity, manifest.run?.["identity"] ?? {});
  if (other !== undefined)
    throw usageError(
      `${path} is of another run: ${other} (there: the checkpoint); take the same recipe and data, or another --out`,
    );
  if (longer) tellLonger(checkpoint, asked, context);
}

function refuseShorter({ path, manifest }: Found, { recipe, images }: Asked): void {
  const stored = manifest.recipe as Recipe;
  if (!isLonger(stored, recipe, images)) return;
  const { totalSteps, stepsPerEpoch } = runLength(recipe, images);
  throw usageError(
    `${path} is at step ${manifest.step} of the ${stored.epochs * stepsPerEpoch} of its ${stored.epochs} epochs, and ` +
      `${recipe.epochs} epochs are ${totalSteps} steps: a run can be made longer, not shorter; drop --epochs, or take another ` +
      `--out and --fork ${path}`,
  );
}

function tellLonger({ manifest }: Found, { recipe, images }: Asked, { terminal }: Context): void {
  const { step } = manifest;
  const stored = manifest.recipe as Recipe;
  const [before, after] = [stored, recipe].map((one) => runLength(one, images));
  const told = scheduleJump(manifest, { recipe, images });
  terminal.info(
    `longer: ${recipe.epochs} epochs instead of ${stored.epochs}, ${after.totalSteps} steps instead of ${before.totalSteps}; ` +
      `from step ${step} on the schedule is that of ${recipe.epochs} epochs` +
      (told.length > 0 ? `: ${told.join(", ")}` : ""),
  );
  terminal.event("lengthened", { step, epochs: [stored.epochs, recipe.epochs] });
}

/** What jumps where a recipe takes over from that of a checkpoint: its last step's value, and the next one's. */
export function scheduleJump(
  { step, recipe: before }: Pick<DecodedCheckpoint["manifest"], "step" | "recipe">,
  { recipe, images }: Pick<Asked, "recipe" | "images">,
): readonly string[] {
  const is = scheduledValues(recipe, runLength(recipe, images))(step);
  const stored = before as Recipe;
  const was = step === 0 ? is : scheduledValues(stored, runLength(stored, images))(step - 1);
  return Object.keys(is)
    .filter((name) => name in was && is[name] !== was[name])
    .map((name) => `${inWords(name)} from ${shown(was[name])} to ${shown(is[name])}`);
}

function inWords(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)));
}
