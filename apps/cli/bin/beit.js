#!/usr/bin/env node
// An older Node fails somewhere in the middle, with a stack: it is told first. So this file must parse in all of them.
import { readFileSync } from "fs";

const { engines } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const [least, leastMinor] = engines.node.match(/\d+/g).map(Number);
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < least || (major === least && minor < leastMinor)) {
  console.error(
    `beit: expected Node ${least}.${leastMinor} or newer, got ${process.versions.node}; see https://nodejs.org`,
  );
  process.exitCode = 1;
} else {
  import("../dist/main.js");
}
