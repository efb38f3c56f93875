// Asks the configured registry about everything in the lock file, as `npm audit` does, and adds what it knows to the file of
// advisories. What is in the file stays: it guards against going back to an older version.
import { spawnSync } from "node:child_process";
import type { Advisory, AdvisoryFile } from "./check.ts";

type AuditReport = {
  readonly vulnerabilities?: Readonly<
    Record<
      string,
      {
        readonly via: readonly (
          | string
          | {
              readonly name: string;
              readonly url: string;
              readonly title: string;
              readonly severity: string;
              readonly range: string;
            }
        )[];
      }
    >
  >;
  readonly message?: string;
};

/** The answer of `npm audit --json`; its exit status says only whether something was found. */
export function audit(folder: string): string {
  // On Windows npm is a script of the shell.
  const options = { cwd: folder, encoding: "utf8", shell: process.platform === "win32", maxBuffer: 1e9 } as const;
  const { stdout, error } = spawnSync("npm", ["audit", "--json", "--package-lock-only"], options);
  return error ? JSON.stringify({ message: error.message }) : stdout;
}

/**
 * The file with what a registry has answered.
 *
 * @param today as 2026-11-30
 * @throws where it has answered no report, with its reason
 */
export function refreshed(file: AdvisoryFile, answer: string, today: string): AdvisoryFile {
  const report = parse(answer);
  if (!report?.vulnerabilities) {
    // Without the address, which may hold a credential.
    const reason = report?.message?.replace(/\S+:\/\/\S+/g, "its address") ?? (answer.slice(0, 200) || "nothing");
    throw new Error(`[supply-chain] expected the registry to answer about advisories, got: ${reason}`);
  }
  const told = Object.values(report.vulnerabilities).flatMap(({ via }) => via.filter((one) => typeof one !== "string"));
  const all = new Map(file.advisories.map((advisory) => [keyOf(advisory), advisory]));
  for (const { name, url, title, severity, range } of told) {
    const advisory: Advisory = { id: url.slice(url.lastIndexOf("/") + 1), package: name, range, severity, title };
    all.set(keyOf(advisory), advisory);
  }
  return { asked: today, advisories: [...all.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)) };
}

const keyOf = ({ package: name, id }: Advisory): string => `${name} ${id}`;

function parse(answer: string): AuditReport | undefined {
  try {
    return JSON.parse(answer) as AuditReport;
  } catch {
    return undefined;
  }
}
