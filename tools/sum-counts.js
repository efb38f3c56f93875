// The closing line of CI: what tools/count-reporter.ts wrote at the end of each test run, added. Plain JavaScript, because it has a
// line to write when the installation of everything else has failed, too.
//   node sum-counts.js STATUS LOG...      STATUS is the exit status of the whole
import { existsSync, readFileSync } from "node:fs";

const summary = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm;

const [status, ...paths] = process.argv.slice(2);
// Where there is no log, the shell hands over its pattern.
const logs = paths.filter((path) => existsSync(path)).map((path) => readFileSync(path, "utf8"));
// A run that did not come to its summary has failed.
const counts = logs.map((log) => [...log.matchAll(summary)].at(-1)?.slice(1) ?? [0, 1, 0]);
const [passed, failed, skipped] = [0, 1, 2].map((at) => counts.reduce((sum, count) => sum + Number(count[at] ?? 0), 0));
// So has what no test has counted: lint, a build, a demo, or that there was no test at all.
const others = failed === 0 && (Number(status) !== 0 || logs.length === 0) ? 1 : 0;

console.log(`${passed} passed, ${failed + others} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed + others > 0 ? 1 : 0;
