// The four photographs that come with the page, all in the public domain (CC0, or a work of NASA); see samples/README.md.
import astronaut from "../samples/astronaut.jpg?url";
import cat from "../samples/chelsea.jpg?url";
import coffee from "../samples/coffee.jpg?url";
import rocket from "../samples/rocket.jpg?url";
import { ownFile } from "./own-file.ts";

export type Photograph = { readonly name: string; readonly url: string };

export const photographs: readonly Photograph[] = [
  { name: "Cat", url: cat },
  { name: "Coffee", url: coffee },
  { name: "Astronaut", url: astronaut },
  { name: "Rocket", url: rocket },
];

export async function photographFile({ name, url }: Photograph): Promise<File> {
  return new File([await (await ownFile(url)).blob()], name, { type: "image/jpeg" });
}

export const photographFiles = (): Promise<File[]> => Promise.all(photographs.map(photographFile));
