// Which images of a run are held out, by their folders or by a draw.
import { memoryDataset } from "@beitjs/trainers";
import { describe, expect, it } from "vitest";
import { heldOutWords, partsOf, sortPlaces, type HeldOut } from "./held-out.ts";

const pathsOf = (...paths: string[]) => {
  const places = sortPlaces(paths.map((path) => ({ path, file: new File([], path.split("/").at(-1) as string) })));
  return Object.fromEntries(Object.entries(places).map(([split, files]) => [split, files.map(({ path }) => path)]));
};

describe("folders that are called like splits", () => {
  it("are found in the one folder that was chosen", () => {
    expect(pathsOf("photos/Train/a/1.jpg", "photos/val2017/2.jpg", "photos/test_set/3.jpg")).toEqual({
      train: ["photos/Train/a/1.jpg"],
      val: ["photos/val2017/2.jpg"],
      test: ["photos/test_set/3.jpg"],
    });
  });

  it("are found among several that were dropped, and beside loose files", () => {
    expect(pathsOf("cats/1.jpg", "valid/2.jpg", "3.jpg")).toEqual({
      train: ["cats/1.jpg", "3.jpg"],
      val: ["valid/2.jpg"],
      test: [],
    });
  });

  it("are not the one folder that was chosen, nor deeper ones", () => {
    const paths = ["val/1.jpg", "val/cats/2.jpg", "val/cats/test/3.jpg"];
    expect(pathsOf(...paths)).toEqual({ train: paths, val: [], test: [] });
  });
});

describe("parts of a run", () => {
  const images = (count: number) =>
    memoryDataset({ width: 1, height: 1, channels: 3, data: new Uint8Array(3 * count), name: (index) => `${index}` });
  const namesOf = (count: number, heldOut: HeldOut | undefined, seed = 1) => {
    const { train, validation } = partsOf(images(count), heldOut, seed);
    const names = (part: typeof train) => Array.from({ length: part.length }, (_, index) => part.name(index));
    return [names(train), validation && names(validation)];
  };

  it("are those of the folder, which stand behind the others", () => {
    expect(namesOf(5, { kind: "folder", from: 3 })).toEqual([
      ["0", "1", "2"],
      ["3", "4"],
    ]);
  });

  it("are a share by the seed, at least one image and never all", () => {
    const [train, validation] = namesOf(20, { kind: "share", share: 0.1 });
    expect(validation).toHaveLength(2);
    expect([...(train ?? []), ...(validation ?? [])].sort()).toEqual(namesOf(20, undefined)[0]?.sort());
    expect(namesOf(20, { kind: "share", share: 0.1 })).toEqual([train, validation]);
    expect(namesOf(20, { kind: "share", share: 0.1 }, 2)).not.toEqual([train, validation]);
    for (const count of [2, 4]) expect(namesOf(count, { kind: "share", share: 0.1 })[1]).toHaveLength(1);
  });

  it("are one where nothing is held out, which is said with the reason", () => {
    for (const heldOut of [undefined, { kind: "share", share: 0 }, { kind: "share", share: 0.1 }] as const)
      expect(namesOf(1, heldOut)).toEqual([["0"], undefined]);
    const said = (heldOut: HeldOut | undefined, validation = 0) =>
      heldOutWords(heldOut, { train: 4 - validation, validation, every: 1 });
    expect(said({ kind: "share", share: 0.1 })).toBe("none: it takes 2 images to hold one out");
    expect(said({ kind: "share", share: 0 })).toBe("none");
    expect(said({ kind: "share", share: 0.1 }, 1)).toBe("1 of 4, drawn once, looked at every epoch");
  });
});
