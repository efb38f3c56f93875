import { describe, expect, it } from "vitest";
import { interleave, runWorker } from "./processes.ts";

const node = (script: string, ...args: string[]) => [process.execPath, "--eval", script, ...args] as const;

describe("runWorker", () => {
  it("takes the last line as the result", async () => {
    const script = `console.log("loading"); console.log(JSON.stringify({ got: process.argv[1] }))`;
    expect(await runWorker(node(script, "settings"))).toEqual({ got: "settings" });
  });

  it.each([
    ["fails", `console.error("no memory"); process.exit(3)`, "ended with 3: no memory"],
    ["says nothing", ``, "got nothing"],
    ["ends in something else", `console.log("{}\\ndone")`, "got done"],
    ["takes too long", `setInterval(() => {}, 1000)`, "ended with SIGTERM"],
  ])("refuses one that %s", async (_, script, message) => {
    await expect(runWorker(node(script), message.includes("SIGTERM") ? 300 : 60_000)).rejects.toThrow(message);
  });

  it("refuses a program that is not there", async () => {
    await expect(runWorker(["beitjs-no-such-program"])).rejects.toThrow("ENOENT");
  });
});

it("leaves out who fails, if that is allowed", async () => {
  const run = async ({ name }: { readonly name: string }, round: number): Promise<number> => {
    if (name === "b" && round === 1) throw new Error("no memory");
    return round;
  };
  const contestants = [{ name: "a" }, { name: "b" }];
  await expect(interleave(contestants, 3, run)).rejects.toThrow("no memory");
  const failed: string[] = [];
  const results = await interleave(contestants, 3, run, ({ name }, { message }) => failed.push(name, message) > 0);
  expect(results).toEqual(new Map([["a", [0, 1, 2]]]));
  expect(failed).toEqual(["b", "no memory"]);
});

it("interleaves the contestants, every other round backwards", async () => {
  const order: string[] = [];
  const results = await interleave([{ name: "a" }, { name: "b" }], 3, async ({ name }, round) => {
    order.push(`${name}${round}`);
    return round;
  });
  expect(order).toEqual(["a0", "b0", "b1", "a1", "a2", "b2"]);
  expect(results).toEqual(
    new Map([
      ["a", [0, 1, 2]],
      ["b", [0, 1, 2]],
    ]),
  );
});
