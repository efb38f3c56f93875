// Images of sources one after another, as they are decoded: for commands that look at each by itself and from more than one side.
import type { Image } from "@beitjs/tensor-core/image";
import { isImageError } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import type { ImageSources } from "./sources.ts";

/**
 * Every image that can be read, in order.
 *
 * @throws what the sources say of bad images, and an error if none can be read
 */
export async function* eachImage(
  { parts, length, names }: ImageSources,
  { interrupt }: Pick<Context, "interrupt">,
): AsyncGenerator<{ readonly index: number; readonly name: string; readonly image: Image }, void, void> {
  let [index, found, wanted] = [0, 0, true];
  for (const part of parts) {
    for (let place = 0; place < part.images.length; place++, index++) {
      await new Promise((resolve) => setImmediate(resolve)); // a signal is heard between images
      interrupt.check();
      let image: Image;
      try {
        ({ image } = await part.images.get(place));
      } catch (error) {
        if (!isImageError(error)) throw error;
        wanted = part.bad(place, error);
        continue;
      }
      if (!wanted) continue;
      found++;
      yield { index, name: names[index], image };
    }
    part.end();
  }
  if (found === 0) throw new Error(`none of the ${length} images can be read`);
}
