// Runs in a live page, until Ctrl-C.
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes, usageError } from "../program/exit-codes.ts";
import { openRuns } from "../report/runs/open-runs.ts";
import { createWatch, listen } from "../watch/server.ts";
import type { watchFlags } from "./declarations/watch.ts";

const usualPort = 4180;
const mostPorts = 20;

export async function run({ runs: paths, port }: FlagValues<typeof watchFlags>, context: Context): Promise<number> {
  const { host, terminal, interrupt } = context;
  const runs = openRuns(paths);
  // What is wrong with a path is said at once.
  const found = await runs.read();
  interrupt.check();
  const watch = createWatch({ runs, now: host.now, tell: terminal.warn });
  const ports = port === undefined ? Array.from({ length: mostPorts }, (_, i) => usualPort + i) : [port];
  const open = await listen(watch.server, ports);
  if (open === undefined) {
    const tried = port === undefined ? `the ports ${usualPort} to ${usualPort + mostPorts - 1} are` : `port ${port} is`;
    throw usageError(`${tried} taken or not allowed; take another --port`);
  }
  const address = `http://127.0.0.1:${open}/`;
  terminal.result(address);
  terminal.event("watch", { address, runs: found.map(({ name, folder, state }) => ({ name, folder, state })) });
  terminal.info(`${found.length === 1 ? "the run" : `${found.length} runs`} at ${address}; Ctrl-C ends it`);
  await new Promise<void>((resolve) => {
    if (interrupt.signal.aborted) resolve();
    interrupt.signal.addEventListener("abort", () => resolve());
  });
  await watch.close();
  return exitCodes.done;
}
