// Benchmarks: suites of contestants, each in its own process, in turns. See README.md beside this file.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArguments, UsageError, usage, type BenchOptions, type SuiteName } from "./arguments.ts";
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
    let problems = 0;
    for (const suite of options.suites) problems += show(await runSuite(suite, options), options);
    return problems === 0 ? 0 : 1;
  } catch (error) {
    const { message } = error as Error;
    process.stderr.write(error instanceof UsageError ? `${message}\n\n${usage}\n` : `${message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function runSuite(suite: SuiteName, options: BenchOptions): Promise<Report> {
  const [date, machine] = [new Date().toISOString(), describeMachine()];
  const result = await suites[suite](options);
  const versions = { ...engineVersions(), ...result.versions };
  return { suite, date, machine, rounds: options.rounds, ...result, versions };
}

/** Prints and saves a report; gives the number of its problems. */
function show(report: Report, { json, save }: BenchOptions): number {
  console.log(json ? formatJson(report) : `${formatTable(report)}\n`);
  for (const problem of report.problems) process.stderr.write(`PROBLEM: ${problem}\n`);
  if (save !== undefined) {
    mkdirSync(save, { recursive: true });
    writeFileSync(join(save, `${report.suite}.json`), `${formatJson(report)}\n`);
  }
  return report.problems.length;
}
