import { describe, expect, it, vi } from "vitest";
import { afterwards, preparedAhead } from "./ahead.ts";

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

async function* numbers(count: number): AsyncGenerator<number, void, void> {
  for (let i = 0; i < count; i++) {
    await Promise.resolve();
    yield i;
  }
}

describe("afterwards", () => {
  it("begins when the caller waits, not before", async () => {
    const order: string[] = [];
    const errand = afterwards(async () => void order.push("errand"));
    await Promise.resolve();
    order.push("caller");
    await tick();
    expect(order).toEqual(["caller", "errand"]);
    await errand.result();
    expect(order).toHaveLength(2);
  });

  it("begins at once for who wants the result, and once only", async () => {
    let begun = 0;
    const errand = afterwards(async () => ++begun);
    expect(await errand.result()).toBe(1);
    await tick();
    expect(begun).toBe(1);
  });

  it("does not begin once it was canceled", async () => {
    let begun = 0;
    expect(afterwards(async () => ++begun).cancel()).toBeUndefined();
    await tick();
    expect(begun).toBe(0);
  });

  it("leaves no timer behind, also where nobody ever waits", async () => {
    vi.useFakeTimers();
    try {
      await afterwards(async () => {}).result();
      afterwards(async () => {}).cancel();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("keeps an error for who asks", async () => {
    const errand = afterwards(() => Promise.reject(new Error("no more images")));
    await tick();
    await expect(errand.result()).rejects.toThrow("no more images");
  });
});

describe("preparedAhead", () => {
  const never = (): void => expect.fail("nothing is left over");

  it("gives everything in order, the empty and the undefined too", async () => {
    const prepare = async (i: number): Promise<number | undefined> => (i === 1 ? undefined : i * 10);
    const given: (number | undefined)[] = [];
    for await (const item of preparedAhead(numbers(3), prepare, never)) given.push(item);
    expect(given).toEqual([0, undefined, 20]);
  });

  it("prepares the next while the caller waits for its device", async () => {
    const order: string[] = [];
    const prepare = async (i: number): Promise<number> => {
      order.push(`prepare ${i}`);
      return i;
    };
    for await (const item of preparedAhead(numbers(2), prepare, never)) {
      order.push(`begin ${item}`);
      await tick();
      order.push(`end ${item}`);
    }
    expect(order).toEqual(["prepare 0", "begin 0", "prepare 1", "end 0", "begin 1", "end 1"]);
  });

  it("ends its source and hands back what is left over when the caller leaves", async () => {
    const leftOver: number[] = [];
    let ended = false;
    async function* source(): AsyncGenerator<number, void, void> {
      try {
        yield* numbers(5);
      } finally {
        ended = true;
      }
    }
    for await (const item of preparedAhead(
      source(),
      async (i) => i,
      (i) => void leftOver.push(i),
    )) {
      await tick();
      if (item === 2) break;
    }
    expect(leftOver).toEqual([3]);
    expect(ended).toBe(true);
  });

  it("passes errors of the source and of preparing on", async () => {
    const failing = async (i: number): Promise<number> => {
      if (i === 1) throw new Error("broken image");
      return i;
    };
    const loop = async (): Promise<void> => {
      for await (const item of preparedAhead(numbers(3), failing, never)) {
        expect(item).toBe(0);
        await tick();
      }
    };
    await expect(loop()).rejects.toThrow("broken image");
  });
});
