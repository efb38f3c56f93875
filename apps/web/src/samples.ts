// The four photographs that come with the page, all in the public domain (CC0, or a work of NASA); see samples/README.md.
import astronaut from "../samples/astronaut.jpg?url";
import cat from "../samples/chelsea.jpg?url";
import coffee from "../samples/coffee.jpg?url";
import rocket from "../samples/rocket.jpg?url";

export type Sample = { readonly name: string; readonly url: string };

export const samples: readonly Sample[] = [
  { name: "Cat", url: cat },
  { name: "Coffee", url: coffee },
  { name: "Astronaut", url: astronaut },
  { name: "Rocket", url: rocket },
];

export async function sampleFile({ name, url }: Sample): Promise<File> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`[samples] expected ${url}, got ${response.status} ${response.statusText}`);
  return new File([await response.blob()], name, { type: "image/jpeg" });
}

export const sampleFiles = (): Promise<File[]> => Promise.all(samples.map(sampleFile));
