// Makes the pictures that the small models learn from: crops of the photographs in Debian's wallpaper packages, half of them
// with an object of Tux Paint's stamps in front. The list of sources, with licences, is sources.json.
//   node --import jiti/register tools/small-models/make-photographs.ts <folder with the unpacked packages> <output folder> [count]
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type OverlayOptions } from "sharp";
import { createRng, streams, type Rng } from "../../packages/tensor-core/src/random.ts";

type Source = {
  readonly package: string;
  readonly photographs?: readonly string[];
  readonly pictures?: readonly string[];
  readonly stamps?: readonly string[];
};

/** Side of the pictures written: a little more than the 112 pixels the models see, for the trainers' own crops. */
const SIDE = 144;
/** Short side that backgrounds are kept at: a crop of all of it and one of a fifth of it are both sharp. */
const SHORT = 720;

const [packages, target, count = "12000"] = process.argv.slice(2);
if (packages === undefined || target === undefined) {
  throw new Error("[make-photographs] expected the folder with the unpacked packages and an output folder, got less");
}
const sources = JSON.parse(readFileSync(new URL("sources.json", import.meta.url), "utf8")) as readonly Source[];
const paths = (kind: "photographs" | "pictures" | "stamps"): string[] =>
  sources.flatMap((source) => (source[kind] ?? []).map((path) => join(packages, source.package, path)));

const photographs = await Promise.all(paths("photographs").map(background));
const pictures = await Promise.all(paths("pictures").map(background));
const stamps = paths("stamps");
mkdirSync(target, { recursive: true });
for (let index = 0; index < Number(count); index++) {
  const rng = createRng({ seed: 0, stream: streams.user, index });
  const picture = await compose(rng);
  await sharp(picture, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .jpeg({ quality: 92, chromaSubsampling: "4:4:4" })
    .toFile(join(target, `${String(index).padStart(5, "0")}.jpg`));
}

type Background = { readonly data: Buffer; readonly width: number; readonly height: number };

async function background(path: string): Promise<Background> {
  const { data, info } = await sharp(path)
    .flatten({ background: "#808080" })
    .toColorspace("srgb")
    .resize(SHORT, SHORT, { fit: "outside" })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** Three pictures in four show a photograph, the others a drawn wallpaper; every other one has a stamp in front. */
async function compose(rng: Rng): Promise<Buffer> {
  const from = rng.uniform() < 0.75 ? photographs : pictures;
  const { data, width, height } = from[rng.integer(from.length)];
  const side = Math.round(SHORT * (1 / 5) ** rng.uniform());
  const box = { left: rng.integer(width - side + 1), top: rng.integer(height - side + 1), width: side, height: side };
  let picture = sharp(data, { raw: { width, height, channels: 3 } })
    .extract(box)
    .resize(SIDE, SIDE);
  if (rng.uniform() < 0.5) {
    const input = await stamp(stamps[rng.integer(stamps.length)], rng);
    picture = sharp(await picture.png().toBuffer()).composite([input]);
  }
  return picture.removeAlpha().raw().toBuffer();
}

/** An object, mirrored half the time, some of it outside the picture now and then. */
async function stamp(path: string, rng: Rng): Promise<OverlayOptions> {
  const size = 64 + rng.integer(160);
  const whole = sharp(path)
    .ensureAlpha()
    .resize(size, size, { fit: "inside" })
    .flop(rng.uniform() < 0.5);
  const { data, info } = await whole.png().toBuffer({ resolveWithObject: true });
  const place = (length: number): { at: number; from: number; length: number } => {
    const at = Math.round((SIDE - length) / 2 + (rng.uniform() - 0.5) * 0.8 * SIDE);
    const from = Math.max(0, -at);
    return { at: Math.max(0, at), from, length: Math.min(length - from, SIDE - Math.max(0, at)) };
  };
  const [x, y] = [place(info.width), place(info.height)];
  const seen = { left: x.from, top: y.from, width: Math.max(1, x.length), height: Math.max(1, y.length) };
  const input = await sharp(data).extract(seen).toBuffer();
  return { input, left: Math.min(x.at, SIDE - 1), top: Math.min(y.at, SIDE - 1) };
}
