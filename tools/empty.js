// Removes folders that a build is about to make, so that nothing of a source that is gone stays in them: node empty.js dist
import { rmSync } from "node:fs";

for (const folder of process.argv.slice(2)) rmSync(folder, { recursive: true, force: true });
