// Figures beside what to expect of them: a loss means little to who does not know where it starts.
import type { PretrainRecipe } from "@beitjs/trainers";

/** A loss over equally likely choices starts at their logarithm: `loss 4.852 (start: ln 128 = 4.852)`. */
export function formatLoss(loss: number, choices: number): string {
  return `loss ${loss.toFixed(3)} (start: ln ${choices} = ${Math.log(choices).toFixed(3)})`;
}

type Pixels = PretrainRecipe["pixels"];

/** `loss 0.8120 (pixels; each patch's mean would be 1)`, of patches that are normalized; of others it depends on the images. */
export function formatPixelLoss(loss: number, { normalized, error }: NonNullable<Pixels> = normalizedPixels): string {
  const known = normalized && error === "squared" ? "; each patch's mean would be 1" : "";
  return `loss ${loss.toFixed(4)} (pixels${known})`;
}

const normalizedPixels = { normalized: true, error: "squared" } as const;

/** `accuracy 12.5 % (chance: 10 %)` */
export function formatAccuracy(accuracy: number, choices: number): string {
  return `accuracy ${formatShare(accuracy)} (chance: ${formatShare(1 / choices)})`;
}

/** A share as a percentage of at most three figures. */
export function formatShare(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** `accuracy 91.2 %, loss 0.2871`, of metrics by name. */
export function formatMetrics(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => formatMetric(name, value))
    .join(", ");
}

/** One of them: `mean absolute error 0.0412`. */
export function formatMetric(name: string, value: number): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words} ${name === "accuracy" ? formatShare(value) : Number(value.toPrecision(4))}`;
}

/** `ln 128 = 4.85` */
export function formatLogarithm(choices: number): string {
  return `ln ${choices} = ${Math.log(choices).toFixed(2)}`;
}
