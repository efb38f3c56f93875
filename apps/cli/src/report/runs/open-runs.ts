// The runs of a command line, read now and again: a live page looks once a second, and reads only what was added.
import { findRuns, type RunPlace } from "./find-runs.ts";
import { createMetricsTail, type MetricsTail } from "./metrics-tail.ts";
import { readRun, type RunRecord } from "./read-run.ts";

export interface OpenRuns {
  /** The runs as they are now, those that began since among them. */
  read(): Promise<readonly RunRecord[]>;
}

/** @throws a usage error, when it is read, for a path without a run */
export function openRuns(paths: readonly string[]): OpenRuns {
  const tails = new Map<string, MetricsTail>();
  const tailOf = ({ metrics }: RunPlace): MetricsTail => {
    const tail = tails.get(metrics) ?? createMetricsTail(metrics);
    tails.set(metrics, tail);
    return tail;
  };
  return {
    async read() {
      const places = await findRuns(paths);
      const runs: RunRecord[] = [];
      for (const tail of new Set(places.map(tailOf))) await tail.read();
      for (const place of inOrder(places, tailOf)) runs.push(await readRun(place, tailOf(place)));
      return runs;
    },
  };
}

// Parts of a run with several come as they were trained: as the file of the whole has them.
function inOrder(places: readonly RunPlace[], tailOf: (place: RunPlace) => MetricsTail): readonly RunPlace[] {
  const rank = (place: RunPlace): number => {
    const at = tailOf(place)
      .lines()
      .findIndex(({ stage }) => stage === place.mark);
    return at < 0 ? Infinity : at;
  };
  return [...places].sort((a, b) => {
    const parts = a.mark !== undefined && a.metrics === b.metrics;
    return parts && rank(a) !== rank(b) ? rank(a) - rank(b) : places.indexOf(a) - places.indexOf(b);
  });
}
