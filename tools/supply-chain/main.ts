// Checks what npm installs here: hashes, addresses, programs that run at installation, known advisories.
//   npm run supply-chain                  fails with a line for everything that is wrong
//   npm run supply-chain -- --refresh     asks the registry first; where it does not answer about advisories, says so and fails
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { acceptedAdvisories, installScripts } from "./allowed.ts";
import { installedOf, problemsOf, type AdvisoryFile, type Lock } from "./check.ts";
import { audit, refreshed } from "./refresh.ts";

const root = new URL("../../", import.meta.url);
const advisoryPath = new URL("advisories.json", import.meta.url);
const jsonOf = (path: URL): unknown => JSON.parse(readFileSync(path, "utf8"));

const lock = jsonOf(new URL("package-lock.json", root)) as Lock;
if (process.argv.includes("--refresh")) refresh();

const { asked, advisories } = jsonOf(advisoryPath) as AdvisoryFile;
const problems = problemsOf(lock, { installScripts, acceptedAdvisories, advisories });
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;

console.log(`${installedOf(lock).length} packages in the lock file, ${problems.length} problems`);
for (const [name, reason] of Object.entries(installScripts))
  console.log(`runs at installation: ${name}, which ${reason}`);
console.log(
  `${advisories.length} advisories known, ${asked === null ? "no registry asked so far" : `a registry asked on ${asked}`}`,
);

function refresh(): void {
  try {
    const file = refreshed(
      jsonOf(advisoryPath) as AdvisoryFile,
      audit(fileURLToPath(root)),
      new Date().toISOString().slice(0, 10),
    );
    writeFileSync(advisoryPath, `${JSON.stringify(file, null, 2)}\n`);
  } catch (error) {
    console.error(`${(error as Error).message}; the file of advisories stays as it is`);
    process.exitCode = 1;
  }
}
