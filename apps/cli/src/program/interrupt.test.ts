import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import type { Host } from "./host.ts";
import { createInterrupt } from "./interrupt.ts";

function listen() {
  const exits: number[] = [];
  const told: string[] = [];
  const signals = new EventEmitter();
  const clock = { time: 1e12 };
  const host = { signals, exit: (code: number) => void exits.push(code), elapsed: () => clock.time } as unknown as Host;
  return { interrupt: createInterrupt(host, (text) => void told.push(text)), signals, clock, exits, told };
}

it("asks to stop at the first signal, and ends at once at the second", () => {
  const { interrupt, signals, clock, exits, told } = listen();
  expect(interrupt.requested).toBe(false);
  interrupt.check();
  signals.emit("SIGINT");
  expect(interrupt.requested).toBe(true);
  expect(() => interrupt.check()).toThrow();
  expect(told).toHaveLength(1);
  expect(exits).toEqual([]);
  clock.time += 500;
  signals.emit("SIGINT");
  expect(exits).toEqual([130]);
  expect(told).toHaveLength(1);
});

it("takes a signal that arrives twice for one", () => {
  const { signals, clock, exits } = listen();
  signals.emit("SIGTERM");
  signals.emit("SIGTERM");
  clock.time += 499;
  signals.emit("SIGINT");
  expect(exits).toEqual([]);
});

it("hears nothing after it is disposed", () => {
  const { interrupt, signals } = listen();
  interrupt.dispose();
  signals.emit("SIGINT");
  expect(interrupt.requested).toBe(false);
});
