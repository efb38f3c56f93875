// Which images of a run are held out, so that the page can say how the model does on what it has not learned from: those of a
// dropped folder `val`, or a share that the library draws by the run's seed.
import { splitPerClass, splitsAmong, subset, type Dataset } from "@beitjs/trainers";
import type { PlacedFile } from "../messages.ts";

/** How held-out images are told from the others: they stand behind them, or are drawn. */
export type HeldOut =
  { readonly kind: "folder"; readonly from: number } | { readonly kind: "share"; readonly share: number };

/** What lies in folders that are called like splits, and what does not. Images of `test` are for nobody here. */
export type Places = Readonly<Record<"train" | "val" | "test", readonly PlacedFile[]>>;

/** By the folders at the top of what was dropped, or in it where it is a single one. What is in no split is to learn from. */
export function sortPlaces(files: readonly PlacedFile[]): Places {
  const folders = files.map(({ path }) => path.split("/").slice(0, -1));
  const names = (level: number): string[] => [...new Set(folders.map((parts) => parts[level]).filter(Boolean))];
  const level = names(0).length === 1 && folders.every((parts) => parts.length > 0) ? 1 : 0;
  const splits = splitsAmong(names(level));
  const places = { train: [] as PlacedFile[], val: [] as PlacedFile[], test: [] as PlacedFile[] };
  files.forEach((file, i) => places[splits.get(folders[i][level]) ?? "train"].push(file));
  return places;
}

/** Both parts of a run's images; only one of a single image, and where nothing is held out. */
export function partsOf(
  images: Dataset,
  heldOut: HeldOut | undefined,
  seed: number,
): { readonly train: Dataset; readonly validation: Dataset | undefined } {
  const all = Array.from({ length: images.length }, (_, index) => index);
  if (heldOut?.kind === "folder") {
    const { from } = heldOut;
    return { train: subset(images, all.slice(0, from)), validation: subset(images, all.slice(from)) };
  }
  if (!heldOut || heldOut.share === 0 || images.length < 2) return { train: images, validation: undefined };
  return splitPerClass(images, { share: heldOut.share, seed });
}

/** The held-out images and when they are looked at in a few words, or why there are none. */
export function heldOutWords(
  heldOut: HeldOut | undefined,
  { train, validation, every }: { readonly train: number; readonly validation: number; readonly every: number },
): string {
  const when = `looked at every ${every === 1 ? "epoch" : `${every} epochs`}`;
  if (heldOut?.kind === "folder") return `${validation} of the folder val, ${when}`;
  if (validation > 0) return `${validation} of ${train + validation}, drawn once, ${when}`;
  return heldOut && heldOut.share > 0 ? "none: it takes 2 images to hold one out" : "none";
}
