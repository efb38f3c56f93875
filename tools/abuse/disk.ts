// Training on disks that are too small, by sizes from a few kilobytes to what it takes, and on disks that are read-only: the error says
// which path and why, all that has a checkpoint's name is whole, and with more room the same command comes to the same end.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { listCheckpoints } from "../../packages/trainers/src/node/index.ts";
import type { Rng } from "../../packages/tensor-core/src/random.ts";
import {
  beitEndsWith,
  beitProgram,
  demand,
  playRounds,
  rigFolder,
  runBeit,
  runProcess,
  type Ended,
  type Rig,
} from "./harness.ts";
import { demandSame, demandWholeCheckpoints, prepareTrainings, type Training } from "./training.ts";

const kinds = ["tokenizer", "pretrain", "finetune"];

export const rig: Rig = {
  about: "runs on disks of random sizes, full and read-only: a round is a disk",
  count: 60,
  async run(options) {
    const folder = rigFolder("disk");
    const trainings = await prepareTrainings(folder, kinds);
    const disk = join(folder, "disk");
    mkdirSync(disk);
    const mounts = mount(disk, 64);
    if (mounts) unmount(disk);
    else options.say("no disk can be mounted here: files are bounded instead");
    const sizes = new Map(await Promise.all(trainings.map(async (one) => [one, await sizesOf(one)] as const)));
    const play = (rng: Rng, round: number) => {
      const training = trainings[round % trainings.length] as Training;
      const { first, most } = sizes.get(training) as Sizes;
      // Most are full when there is something to lose.
      const kilobytes = rng.integer(5) === 0 ? 4 + rng.integer(first) : first + rng.integer(most - first);
      return mounts
        ? onDisk(disk, training, kilobytes)
        : bounded(join(disk, String(round)), training, 1 + rng.integer(40));
    };
    try {
      return { disks: mounts ? "tmpfs" : "bounded files", outcomes: await playRounds(options, play) };
    } finally {
      if (mounts) unmount(disk);
    }
  },
};

type Sizes = { readonly first: number; readonly most: number };

/** Kilobytes with which a run has its first checkpoint, and about all that it takes. */
async function sizesOf({ reference }: Training): Promise<Sizes> {
  const all = kilobytesOf(reference);
  const [checkpoint] = await listCheckpoints(reference);
  demand(checkpoint !== undefined, `a checkpoint in ${reference}`);
  const one = kilobytesOf(checkpoint.path);
  const lean = all - kilobytesOf(join(reference, "checkpoints"));
  return { first: lean + one + 8, most: all };
}

// In pages of a tmpfs, a folder for each file at most.
function kilobytesOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const sizes = entries.map((one) => (one.isDirectory() ? 0 : statSync(join(one.parentPath, one.name)).size));
  return sizes.reduce((sum, size) => sum + 4 * Math.ceil(size / 4096), 0);
}

async function onDisk(disk: string, training: Training, kilobytes: number): Promise<string> {
  demand(mount(disk, kilobytes), `a disk of ${kilobytes} kB`);
  try {
    const out = join(disk, "run");
    const full = await runBeit([...training.args, "--out", out]);
    const outcome = await judge(full, out, "no space left on the device");
    demand(remount(disk, "ro"), "the disk to become read-only");
    const readOnly = await runBeit([...training.args, "--out", out]);
    const told = readOnly.stderr;
    demand(
      readOnly.code === 1 && told.includes(disk) && /read-only/.test(told),
      `a read-only disk to be told, got ${told}`,
    );
    demand(remount(disk, `rw,size=64m`), "more room");
    await beitEndsWith(0, [...training.args, "--out", out]);
    demandSame(out, training);
    return `${training.name}: ${outcome}`;
  } finally {
    unmount(disk);
  }
}

/** Where nothing can be mounted: no file may be longer. */
async function bounded(out: string, training: Training, kilobytes: number): Promise<string> {
  const command = `ulimit -f ${kilobytes}; exec "$@"`;
  const args = ["-c", command, "beit", process.execPath, beitProgram, ...training.args, "--out", out];
  const outcome = await judge(await runProcess("bash", args), out, "larger than this process may write");
  await beitEndsWith(0, [...training.args, "--out", out]);
  demandSame(out, training);
  rmSync(out, { recursive: true });
  return `${training.name}: ${outcome}`;
}

async function judge({ code, stderr }: Ended, out: string, reason: string): Promise<string> {
  const whole = await demandWholeCheckpoints(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return 0;
    throw error;
  });
  if (code === 0) return "enough";
  demand(
    code === 1 && stderr.includes(out) && stderr.includes(reason),
    `the path and "${reason}", got ${code}: ${stderr.slice(-1000)}`,
  );
  return whole > 0 ? "full, with checkpoints" : "full before the first checkpoint";
}

const mount = (disk: string, kilobytes: number): boolean =>
  spawnSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "beitjs-abuse", disk]).status === 0;
const remount = (disk: string, how: string): boolean => spawnSync("mount", ["-o", `remount,${how}`, disk]).status === 0;
const unmount = (disk: string): boolean => spawnSync("umount", [disk]).status === 0;
