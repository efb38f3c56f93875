import { expect, test } from "vitest";
import { inOrder } from "./in-order.ts";

async function collect<Value>(outcomes: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = [];
  for await (const outcome of outcomes) all.push(outcome);
  return all;
}

test("results come in order, whatever order the work ends in", async () => {
  const later = (index: number) =>
    new Promise<number>((resolve) => setTimeout(() => resolve(index), index % 2 === 0 ? 5 : 0));
  const outcomes = await collect(inOrder(9, later, 4));
  expect(outcomes).toEqual(Array.from({ length: 9 }, (_, value) => ({ value })));
});

test("no more than so many are begun ahead of what was asked for", async () => {
  let begun = 0;
  const outcomes = inOrder(10, async () => ++begun, 3);
  for (let asked = 1; asked <= 10; asked++) {
    await outcomes.next();
    expect(begun).toBe(Math.min(10, asked + 2));
  }
  expect((await outcomes.next()).done).toBe(true);
});

test("a failure is an outcome, and what comes after it is there", async () => {
  const error = new Error("second");
  const work = (index: number) => (index === 1 ? Promise.reject(error) : Promise.resolve(index));
  expect(await collect(inOrder(3, work, 3))).toEqual([{ value: 0 }, { error }, { value: 2 }]);
  expect(await collect(inOrder(0, work, 3))).toEqual([]);
});
