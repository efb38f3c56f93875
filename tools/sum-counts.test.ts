// The closing line of CI: a failed or a missing run is never hidden behind one that passed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

const program = fileURLToPath(new URL("sum-counts.js", import.meta.url));
let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "beitjs-counts-"))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  [
    "adds two runs",
    0,
    ["x\n12 passed, 0 failed\n", "5 passed, 0 failed, 2 skipped\n"],
    "17 passed, 0 failed, 2 skipped",
  ],
  ["keeps a failed test", 1, ["10 passed, 2 failed\n"], "10 passed, 2 failed"],
  ["counts a run without a summary", 1, ["12 passed, 0 failed\n", "Fatal error\n"], "12 passed, 1 failed"],
  ["counts it even where the status hides it", 0, ["12 passed, 0 failed\n", ""], "12 passed, 1 failed"],
  ["counts a step that fails after the tests", 3, ["12 passed, 0 failed\n"], "12 passed, 1 failed"],
  ["counts a step that fails before the tests", 1, [], "0 passed, 1 failed"],
  ["knows no run without tests", 0, [], "0 passed, 1 failed"],
  ["takes the last summary of a run", 0, ["1 passed, 1 failed\n2 passed, 0 failed\n"], "2 passed, 0 failed"],
  ["takes none from within a line", 1, ["said: 3 passed, 0 failed\n"], "0 passed, 1 failed"],
])("%s", (name, status, logs, line) => {
  const paths = logs.map((_, i) => join(folder, `${name}-${i}.log`));
  paths.forEach((path, i) => writeFileSync(path, logs[i]));
  const pattern = join(folder, "none", "*.log");
  const ended = spawnSync(process.execPath, [program, String(status), ...(paths.length > 0 ? paths : [pattern])], {
    encoding: "utf8",
  });
  expect(ended.stdout).toBe(`${line}\n`);
  expect(ended.status).toBe(/ 0 failed/.test(line) ? 0 : 1);
});
