// A checkpoint or a run folder of ours: what its manifest says, and whether its files are what the manifest says.
import { promises as files } from "node:fs";
import { join } from "node:path";
import { openFile } from "@beitjs/tensor-core/files/node";
import type { NormalizationFacts, NormalizationName, Preprocessing } from "@beitjs/beit-encoder";
import type { Manifest, Recipe } from "@beitjs/trainers";
import { listCheckpoints } from "@beitjs/trainers/node";
import type { Context } from "../program/command.ts";
import { preparationOf } from "../models/normalization.ts";
import { evalViewOf, stagesOfKind } from "../runs/stages.ts";
import { messageOf } from "../program/exit-codes.ts";
import { fileFacts, type FileFacts } from "./file-facts.ts";

export type CheckpointFacts = {
  /** Of a run, its newest checkpoint. */
  readonly checkpoint: string;
  /** Steps of all checkpoints of a run. */
  readonly steps?: readonly number[];
  readonly manifest?: Pick<Manifest, "stage" | "step" | "updates" | "position" | "model" | "recipe"> & {
    readonly run: Manifest["run"] | null;
  };
  /** Of a BEiT: how its images are prepared, and why their mean and std are what they are. */
  readonly preprocessing?: Preprocessing;
  readonly normalization?: NormalizationFacts;
  readonly files: readonly (FileFacts & { readonly sound: boolean })[];
  readonly problem?: string;
};

/** Looks at the checkpoint in a folder, or at the newest of a run; what is wrong with it is among the facts. */
export async function checkpointFacts(
  path: string,
  { hash, normalization }: { readonly hash: boolean; readonly normalization: NormalizationName | undefined },
  context: Context,
): Promise<CheckpointFacts> {
  const all = await listCheckpoints(path);
  const checkpoint = all[0]?.path ?? path;
  const steps = all.length > 0 ? { steps: all.map(({ step }) => step) } : {};
  try {
    const { files: expected, run = null, ...manifest } = await readManifest(checkpoint);
    const found: (FileFacts & { sound: boolean })[] = [];
    const problems: string[] = [];
    for (const [name, { bytes, sha256 }] of Object.entries(expected)) {
      const facts = await factsOf(join(checkpoint, name), hash, context);
      if (typeof facts === "string") {
        problems.push(facts);
        continue;
      }
      const problem = problemOf(name, facts, { bytes, sha256 });
      if (problem !== undefined) problems.push(problem);
      found.push({ ...facts, sound: problem === undefined });
    }
    const { stage, step, updates, position, model, recipe } = manifest;
    const { view: _, ...preparation } = stagesOfKind("beit").includes(stage)
      ? preparationOf(evalViewOf(recipe as Recipe), normalization)
      : { view: undefined };
    return {
      checkpoint,
      ...steps,
      ...preparation,
      manifest: { stage, step, updates, position, model, recipe, run },
      files: found,
      ...(problems.length > 0 && { problem: problems.join("; ") }),
    };
  } catch (error) {
    context.interrupt.check();
    return { checkpoint, ...steps, files: [], problem: messageOf(error) };
  }
}

async function readManifest(checkpoint: string): Promise<Manifest> {
  const path = join(checkpoint, "manifest.json");
  const manifest = JSON.parse(await files.readFile(path, "utf8")) as Partial<Manifest> | null;
  if (manifest?.format !== "beitjs-checkpoint" || typeof manifest.files !== "object") {
    throw new Error(`expected ${path} of format beitjs-checkpoint, got ${String(manifest?.format ?? "another")}`);
  }
  return manifest as Manifest;
}

/** @returns the facts, or why there are none */
async function factsOf(path: string, hash: boolean, context: Context): Promise<FileFacts | string> {
  let source: Awaited<ReturnType<typeof openFile>>;
  try {
    source = await openFile(path);
  } catch (error) {
    return messageOf(error);
  }
  try {
    return await fileFacts(source, { hash }, context);
  } finally {
    await source.close();
  }
}

function problemOf(
  name: string,
  facts: FileFacts,
  expected: { readonly bytes: number; readonly sha256: string },
): string | undefined {
  if (facts.bytes !== expected.bytes) return `expected ${name} of ${expected.bytes} bytes, got ${facts.bytes}`;
  if (facts.sha256 !== undefined && facts.sha256 !== expected.sha256) {
    return `expected ${name} with SHA-256 ${expected.sha256}, got ${facts.sha256}`;
  }
  return facts.problem;
}
