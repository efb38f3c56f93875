// Benchmarks: suites of contestants, each in its own process, in turns. See README.md beside this file.
import { parseArguments, UsageError, usage, type BenchOptions } from "./arguments.ts";
import { describeMachine, engineVersions } from "./machine.ts";
import { formatJson, formatTable, type Report } from "./report.ts";
import { suites } from "./suites.ts";

process.exitCode = await main(process.argv.slice(2));

/** Exit code: 0 done, 1 failed or not to be believed, 2 wrong use. */
async function main(argv: readonly string[]): Promise<number> {
  if (argv.includes("--help") || argv.includes("-h")) {
    console.log(usage);
    return 0;
  }
  try {
    const options = parseArguments(argv);
    const report = await runSuite(options);
    console.log(options.json ? formatJson(report) : formatTable(report));
    for (const problem of report.problems) process.stderr.write(`PROBLEM: ${problem}\n`);
    return report.problems.length === 0 ? 0 : 1;
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(error instanceof UsageError ? `${message}\n\n${usage}\n` : `${message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function runSuite(options: BenchOptions): Promise<Report> {
  const { suite, rounds } = options;
  const [date, machine] = [new Date().toISOString(), describeMachine()];
  const result = await suites[suite](options);
  return { suite, date, machine, rounds, ...result, versions: { ...engineVersions(), ...result.versions } };
}
