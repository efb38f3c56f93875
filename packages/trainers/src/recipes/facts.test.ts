// Every recipe has its facts, and no others are told.
import { expect, it } from "vitest";
import { recipeFacts, recipes } from "./index.ts";

it("there are facts of every recipe, in words", () => {
  expect(Object.keys(recipeFacts)).toEqual(Object.keys(recipes));
  for (const facts of Object.values(recipeFacts)) {
    for (const text of [facts.purpose, facts.data, facts.time, facts.result]) expect(text).toMatch(/^\S.*[^\s.]$/);
  }
});
