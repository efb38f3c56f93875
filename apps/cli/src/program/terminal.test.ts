// The pace that a terminal tells of progress.
import { expect, it } from "vitest";
import type { Host } from "./host.ts";
import { createTerminal } from "./terminal.ts";

it("tells a pace once there is one: not of what is told as soon as it began", () => {
  const lines: string[] = [];
  const clock = { time: 5.25 };
  const stream = { write: (text: string) => void lines.push(text), on: () => stream };
  const host = { stdout: stream, stderr: stream, env: {}, elapsed: () => clock.time } as unknown as Host;
  const progress = createTerminal(host, { json: false }).progress({ label: "train", total: 3, unit: "images" });
  clock.time += 0.001;
  progress.update(1, "");
  clock.time += 20_000;
  progress.update(3, "");
  expect(lines).toEqual(["train 1/3\n", "train 3/3  0.150 images/s  0s left\n"]);
});
