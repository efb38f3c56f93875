// The values that recipes are made of.
import * as v from "valibot";
import { isImageSize, type ImageSize } from "@beitjs/tensor-core/grid";
import { isChannelCount } from "@beitjs/tensor-core/image";
import { fields, number } from "./fields.ts";

export const count = number("a positive integer", (value) => Number.isSafeInteger(value) && value >= 1);
/** Of layers and widths: what no machine could hold is refused before anything is made of it. */
export const modelSize = number(
  "a positive integer of at most 65536",
  (value) => Number.isSafeInteger(value) && value >= 1 && value <= 65_536,
);
/** Of images an update and passes over them: more is a slip, and no run would see its end. */
export const runCount = number(
  "a positive integer of at most 1048576",
  (value) => Number.isSafeInteger(value) && value >= 1 && value <= 2 ** 20,
);
export const whole = number("an integer of 0 or more", (value) => Number.isSafeInteger(value) && value >= 0);
const real = number("a number");
export const amount = number("a number of 0 or more", (value) => value >= 0);
export const positive = number("a positive number", (value) => value > 0);
export const share = number("a number in [0, 1]", (value) => value >= 0 && value <= 1);
export const shareBelowOne = number("a number in [0, 1)", (value) => value >= 0 && value < 1);
export const shareAboveZero = number("a number in (0, 1]", (value) => value > 0 && value <= 1);
export const ratio = number("a number in (0, 1)", (value) => value > 0 && value < 1);
export const magnitude = number("a number in [0, 10]", (value) => value >= 0 && value <= 10);
/** Of a symmetric beta distribution; 0 for none. */
export const alpha = number(
  "0, or a number in [0.001, 1000]",
  (value) => value === 0 || (value >= 1e-3 && value <= 1e3),
);
export const truth = v.boolean("true or false");

/** Height and width of images, in pixels; a number for squares. */
export const imageSize = v.custom<ImageSize>(isImageSize, "a positive integer or [height, width]");

/** Gray, color, or bands. The models take any number, images have no more. */
export const channels = number("an integer from 1 to 8", isChannelCount);

/** A lower and an upper bound. */
export const interval = v.strictTuple([positive, positive], "two positive numbers");

/** One entry a channel. */
export const perChannel = v.array(real, "a list of numbers, one a channel");

const inEpochs = fields({ epochs: amount });
const asShare = fields({ share });
const inSteps = fields({ steps: whole });
const noLength = v.custom<never>(() => false, "a length such as { epochs: 20 }, { share: 0.1 } or { steps: 500 }");

/** How long something takes: passes over the data, a share of the whole run, or updates. lengths.ts has it in updates. */
export const length = v.lazy((value) => {
  const says = (key: string) => typeof value === "object" && value !== null && Object.hasOwn(value, key);
  return says("epochs") ? inEpochs : says("share") ? asShare : says("steps") ? inSteps : noLength;
});

const weightNames = v.picklist(
  ["equal", "inverse-frequency"],
  "equal, inverse-frequency, or a list of positive numbers",
);
const weightList = v.pipe(
  v.array(positive, "a list of positive numbers"),
  v.minLength(1, "a list of positive numbers, one a class"),
);

/** Names of a rule, or a number a class. */
export const classWeights = v.lazy((value) => (Array.isArray(value) ? weightList : weightNames));

/** Half a cosine from `start` to `end` over a length, then held. */
export const annealing = fields({ start: amount, end: amount, over: length });
export const signedAnnealing = fields({ start: real, end: real, over: length });
export const positiveAnnealing = fields({ start: positive, end: positive, over: length });
