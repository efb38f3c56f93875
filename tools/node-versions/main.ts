// The program and the kernels in other versions of Node than the one that runs this. Needs the build.
//   npm run test:nodes                    or, after `npm run build`: node --import jiti/register tools/node-versions/main.ts [RUN]
// RUN is the folder of a `demo --short` of this Node: it is said of the others whether their weights have the same bits.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkConformance, checkDemo, checkDoctor, checkRefusal, weightsHash } from "./checks.ts";
import { installNode, nodePackage } from "./install.ts";

const supported = [22, 24, 26];
const tooOld = 18;

const [demo] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "beitjs-nodes-"));
try {
  for (const major of [...supported, tooOld]) checkVersion(major);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function checkVersion(major: number): void {
  const say = (text: string): boolean => process.stdout.write(`Node ${major}: ${text}\n`);
  const node = installNode(major, join(folder, `node-${major}`));
  if (node === undefined)
    return void say(`not tried: npm has no ${nodePackage(process.platform, process.arch)}@${major}`);
  if (major === tooOld) return void say(checkRefusal(node));
  say(checkDoctor(node));
  say(checkConformance(node));
  const out = join(folder, `demo-${major}`);
  say(checkDemo(node, out));
  if (demo === undefined) return;
  const same = weightsHash(out) === weightsHash(demo);
  say(`${same ? "the same weights as" : "other weights than"} Node ${process.version.slice(1)}`);
}
