// Nodes of other versions from npm, where the packages `node-<system>-<processor>` hold the program and nothing to install. They are
// large and no dependency of the repository: each is put into a folder that the caller throws away.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { quietInstall, run } from "../packages/publish.ts";

/** What npm says of a package or a version that is not there. */
const notThere = /\b(?:E404|ETARGET)\b/;

/** The name of npm's package with Node for a machine. */
export function nodePackage(platform: string, arch: string): string {
  return `node-${platform === "win32" ? "win" : platform}-${arch}`;
}

/** Installs the newest Node of a major version; gives its path, or undefined where npm has none for this machine. */
export function installNode(major: number, folder: string): string | undefined {
  const name = nodePackage(process.platform, process.arch);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "other-node", private: true }));
  try {
    run("npm", ["install", `${name}@${major}`, "--prefix", folder, ...quietInstall], folder);
  } catch (error) {
    if (notThere.test(String(error))) return undefined;
    throw error;
  }
  return join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
}
