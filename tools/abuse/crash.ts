// Training is killed at random moments, saves and evaluations included, and started again by the same command until it comes to its end:
// all that has a checkpoint's name is whole after each kill, and in the end all is as if nobody had touched it.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { createRng, type Rng } from "../../packages/tensor-core/src/random.ts";
import { demand, rigFolder, runBeit, type Ended, type Rig } from "./harness.ts";
import { demandSame, demandWholeCheckpoints, prepareTrainings, type Training } from "./training.ts";

// The demo takes as long as many of the others.
const stories = ["tokenizer", "pretrain", "finetune", "tokenizer", "gaussian", "finetune", "pretrain", "demo"];
const lanes = 3;
const killsEach = 4;

export const rig: Rig = {
  about: "runs are killed and started again: a round is a kill",
  count: 300,
  async run({ seed, count, say }) {
    const folder = rigFolder("crash");
    const trainings = await prepareTrainings(folder, ["tokenizer", "gaussian", "pretrain", "finetune", "demo"]);
    const kills: Record<string, number> = Object.fromEntries(trainings.map(({ name }) => [name, 0]));
    const finished: Record<string, number> = { ...kills };
    let checkpoints = 0;
    let story = 0;
    const total = () => Object.values(kills).reduce((sum, one) => sum + one, 0);
    const lane = async (): Promise<void> => {
      while (total() < count) {
        const index = story++;
        const training = trainings.find(({ name }) => name === stories[index % stories.length]) as Training;
        const out = join(folder, `${training.name}-${index}`);
        try {
          checkpoints += await killAgain(training, out, createRng({ seed, index }), () => {
            kills[training.name] = (kills[training.name] ?? 0) + 1;
          });
        } catch (cause) {
          throw new Error(`[abuse] story ${index} of seed ${seed}: ${(cause as Error).message}`, { cause });
        }
        finished[training.name] = (finished[training.name] ?? 0) + 1;
        rmSync(out, { recursive: true });
        say(`${total()} of ${count} kills`);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return { kills, total: total(), finished, wholeCheckpointsSeen: checkpoints };
  },
};

async function killAgain(training: Training, out: string, rng: Rng, killed: () => void): Promise<number> {
  let seen = 0;
  for (let kills = 0; ;) {
    const { code, signal, stderr } = await runKilled(training, out, rng, kills < killsEach);
    if (code === 0) break;
    demand(signal === "SIGKILL", `${training.name} to go on after ${kills} kills, got ${code}: ${stderr.slice(-1000)}`);
    kills++;
    killed();
    seen += await demandWholeCheckpoints(out).catch((error: Error) => {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0; // killed before there was a folder
      throw error;
    });
  }
  demandSame(out, training);
  return seen;
}

// A moment after one of its lines: most of its time is the start of a process, in which nothing is written.
function runKilled({ args }: Training, out: string, rng: Rng, kill: boolean): Promise<Ended> {
  const after = rng.integer(24);
  const milliseconds = rng.integer(60);
  return runBeit([...args, "--out", out], {
    started(child) {
      let lines = 0;
      const strike = () => setTimeout(() => child.kill("SIGKILL"), milliseconds);
      if (kill && after === 0) strike();
      child.stdout?.on("data", (part) => {
        const before = lines;
        lines += String(part).split("\n").length - 1;
        if (kill && before < after && lines >= after) strike();
      });
      child.stdin?.end();
    },
  });
}
