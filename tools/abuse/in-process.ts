// The command line inside a rig: what it says and how it ends is judged each time, whatever it was given.
import { cli, type CliRun, type RunCliOptions } from "../../apps/cli/src/testing/run-cli.ts";
import { demand } from "./harness.ts";

export type Judged = CliRun & {
  /** In a word: how it ended. */
  readonly outcome: "done" | "failed" | "wrong use";
};

const outcomes = { 0: "done", 1: "failed", 2: "wrong use" } as const;
/** For what nobody should wait for longer. */
const mostMilliseconds = 30_000;
// Colors are none: no stream here is a terminal. U+0600 to U+0605 and U+06DD are seen.
const unseen = /(?![\u0600-\u0605\u06dd])[\p{Cc}\p{Cs}\p{Cf}\u2028\u2029]/u;

/**
 * Runs a command line in this process.
 *
 * @throws unless it ends in time with 0, 1 or 2, an error says one line why, and nothing that is said can move a cursor
 */
export async function runJudged(argv: readonly string[], options: RunCliOptions = {}): Promise<Judged> {
  const shown = JSON.stringify(argv.join(" ").slice(0, 300));
  const began = performance.now();
  const done = await Promise.race([cli(argv, options), hanging(shown)]);
  const { code, stdout, stderr } = done;
  demand(performance.now() - began < mostMilliseconds, `${shown} within ${mostMilliseconds} ms`);
  demand(code === 0 || code === 1 || code === 2, `${shown} to end with 0, 1 or 2, got ${code}: ${stderr.slice(-500)}`);
  for (const text of [stdout, stderr].map((one) => one.replaceAll("\n", ""))) {
    const found = unseen.exec(text);
    demand(
      found === null,
      `${shown} to say nothing unseen, got ${JSON.stringify(text.slice(found?.index).slice(0, 80))}`,
    );
  }
  const errors = stderr.split("\n").filter((line) => line.startsWith("beit: "));
  demand(errors.length === (code === 0 ? 0 : 1), `${shown} to say why it failed, got ${code}: ${stderr.slice(-500)}`);
  demand(
    !/is not a function|undefined \(reading|Cannot read prop|is not iterable|Maximum call stack/.test(stderr),
    `${shown} to name what is wrong, got ${stderr.slice(-500)}`,
  );
  return { ...done, outcome: outcomes[code as keyof typeof outcomes] };
}

function hanging(shown: string): Promise<never> {
  return new Promise((_, reject) => {
    const give = () => reject(new Error(`expected ${shown} to end, after two minutes it had not`));
    setTimeout(give, 4 * mostMilliseconds).unref();
  });
}
