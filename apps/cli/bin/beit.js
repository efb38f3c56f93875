#!/usr/bin/env node
// An older Node fails somewhere in the middle, with a stack: it is told first. So this file must parse in all of them.
import { readdirSync, readFileSync } from "fs";
import { createRequire } from "module";

const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const [least, leastMinor] = engines.node.match(/\d+/g).map(Number);
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < least || (major === least && minor < leastMinor)) {
  console.error(
    `beit: expected Node ${least}.${leastMinor} or newer, got ${process.versions.node}; see https://nodejs.org`,
  );
  process.exitCode = 1;
} else {
  if (mayOpenFewFiles()) loadOneByOne();
  import("../dist/main.js");
}

// Node has raised the limit as far as it may; only Linux sets it so low (ulimit -n 64), and says it in a file.
function mayOpenFewFiles() {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))[1]) < 512;
  } catch {
    return false;
  }
}

// import() opens as many modules at a time as there are; require() one after another, and import() finds them loaded.
function loadOneByOne() {
  const require = createRequire(import.meta.url);
  const commands = new URL("../dist/commands/", import.meta.url);
  for (const name of readdirSync(commands)) {
    if (name.endsWith(".js")) require(`../dist/commands/${name}`);
  }
}
