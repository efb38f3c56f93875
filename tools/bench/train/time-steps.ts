// The loop of every contestant of ours: steps that are not timed, then steps until there are enough and the seconds are over.
import type { TrainResult, TrainSettings } from "./settings.ts";

type Timed = Pick<TrainResult, "times" | "cpuTimes" | "losses" | "peakRssBytes"> & {
  /** Milliseconds from the start of a step until it waits for the first time. */
  readonly hostTimes: readonly number[];
};

export async function timeSteps(
  step: () => Promise<number>,
  { warmup, minimumSteps, seconds }: Pick<TrainSettings, "warmup" | "minimumSteps" | "seconds">,
): Promise<Timed> {
  const losses: number[] = [];
  const times: number[] = [];
  const cpuTimes: number[] = [];
  const hostTimes: number[] = [];
  for (let i = 0; i < warmup; i++) losses.push(await step());
  const start = performance.now();
  while (times.length < minimumSteps || performance.now() - start < seconds * 1000) {
    const [from, used] = [performance.now(), process.cpuUsage()];
    const loss = step();
    hostTimes.push(performance.now() - from);
    losses.push(await loss);
    times.push(performance.now() - from);
    const { user, system } = process.cpuUsage(used);
    cpuTimes.push((user + system) / 1000);
  }
  return { times, cpuTimes, hostTimes, losses, peakRssBytes: process.resourceUsage().maxRSS * 1024 };
}
