// Views of 1 to 8 channels and of 8 or 16 bits: every channel is seen as it would be alone, at the same place of the same crop.
import { createImage, type Image } from "@beitjs/tensor-core/image";
import { createRng } from "@beitjs/tensor-core/random";
import { describe, expect, it } from "vitest";
import {
  memoryDataset,
  paperTrainView,
  paperViews,
  trainView,
  twoViews,
  viewRng,
  type TrainViewOptions,
  type TwoViewOptions,
} from "./index.ts";

const kinds = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((channels) => [8, 16].map((depth) => ({ channels, depth })));
const all = (channels: number, value: number) => Array.from({ length: channels }, () => value);
const none = { brightness: 0, contrast: 0, saturation: 0 };

function noise(channels: number, depth: number, [width, height] = [23, 17]): Image {
  const rng = createRng(channels);
  const values = Array.from({ length: width * height * channels }, () => rng.integer(2 ** depth));
  return createImage(width, height, channels, depth === 8 ? Uint8Array.from(values) : Uint16Array.from(values));
}

describe.each(kinds)("$channels channels of $depth bits", ({ channels, depth }) => {
  const image = noise(channels, depth);
  const channel = <Values extends { filter(keep: (value: number, i: number) => boolean): Values }>(
    values: Values,
    c: number,
  ) => values.filter((_, i) => i % channels === c);
  const plane = (c: number): Image => createImage(23, 17, 1, channel<Uint8Array>(image.data as Uint8Array, c));

  it("are two views of one crop", () => {
    const options = (count: number): TwoViewOptions => ({
      ...{ ...paperViews, channels: count, pixelSize: [9, 12], tokenSize: 7, colorJitter: none },
      ...{ mean: all(count, 0.4), std: all(count, 0.3) },
    });
    for (let index = 0; index < 6; index++) {
      const address = { seed: 1, epoch: 2, index };
      const views = twoViews(image, options(channels), viewRng(address));
      for (let c = 0; c < channels; c++) {
        const alone = twoViews(plane(c), options(1), viewRng(address));
        expect(alone.crop).toEqual(views.crop);
        expect(channel(views.pixelView, c)).toEqual(alone.pixelView);
        expect(channel(views.tokenView, c)).toEqual(alone.tokenView);
      }
    }
  });

  it("are a view to train on, of a crop of any kind", () => {
    const padded = { kind: "padded", padding: 2 } as const;
    for (const crop of [paperTrainView.crop, padded]) {
      const options = (count: number): TrainViewOptions => ({
        ...{ ...paperTrainView, channels: count, size: 8, crop },
        normalization: { mean: all(count, 0.2), std: all(count, 0.6) },
      });
      for (let index = 0; index < 6; index++) {
        const address = { seed: 3, epoch: 0, index };
        const view = trainView(image, options(channels), viewRng(address));
        for (let c = 0; c < channels; c++) {
          expect(channel(view, c)).toEqual(trainView(plane(c), options(1), viewRng(address)));
        }
      }
    }
  });

  it("may be held in memory", async () => {
    const data = image.data.slice();
    const dataset = memoryDataset({ width: 23, height: 17, channels, data, name: String });
    expect((await dataset.get(0)).image).toEqual(image);
  });
});
