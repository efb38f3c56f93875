// Bands one by one: work on grey images done to every channel of an image that has others than one or three.
import type { ByteImage } from "./image.ts";

/** What `work` makes of every channel as a grey image, as channels again. */
export function byPlanes(image: ByteImage, work: (plane: ByteImage) => ByteImage): ByteImage {
  const { channels } = image;
  const planes = Array.from({ length: channels }, (_, c) => work(planeOf(image, c)));
  const [{ width, height }] = planes;
  const data = new Uint8Array(width * height * channels);
  for (const [c, plane] of planes.entries()) {
    for (let i = 0, to = c; i < plane.data.length; i++, to += channels) data[to] = plane.data[i];
  }
  return { width, height, channels, data };
}

function planeOf({ width, height, channels, data }: ByteImage, channel: number): ByteImage {
  const plane = new Uint8Array(width * height);
  for (let i = 0, from = channel; i < plane.length; i++, from += channels) plane[i] = data[from];
  return { width, height, channels: 1, data: plane };
}
