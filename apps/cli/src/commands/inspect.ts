// What a file, a folder or an address holds, told from its content; nothing but headers is read, and all of it hashed.
import { promises as files } from "node:fs";
import type { NormalizationName } from "@beitjs/beit-encoder";
import { isAddress } from "@beitjs/tensor-core/address";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { checkpointFacts } from "../inspect/checkpoint-facts.ts";
import { fileFacts, type FileFacts } from "../inspect/file-facts.ts";
import { formatCheckpoint, formatFile, formatModel } from "../inspect/format.ts";
import { modelFacts, type ModelFacts } from "../inspect/model-facts.ts";
import { isCheckpoint, openModelFiles, shownModel } from "../models/sources.ts";
import type { inspectFlags } from "./declarations/inspect.ts";

export async function run(flags: FlagValues<typeof inspectFlags>, context: Context): Promise<number> {
  // To the parser, --no-hash is a switch named hash that is on.
  const hash = !("hash" in flags) || flags.hash !== false;
  const options = { hash, normalization: flags.normalization === "auto" ? undefined : flags.normalization };
  let failed = false;
  for (const path of flags.paths) {
    context.interrupt.check();
    const problem = (await isCheckpoint(path))
      ? await inspectCheckpoint(path, options, context)
      : await inspectFiles(path, options, context);
    if (problem === undefined) continue;
    failed = true;
    context.terminal.error(`${shownModel(path)}: ${problem}`);
  }
  return failed ? exitCodes.failed : exitCodes.done;
}

type Options = { readonly hash: boolean; readonly normalization: NormalizationName | undefined };

/** @returns what is wrong, if anything is */
async function inspectCheckpoint(path: string, options: Options, context: Context): Promise<string | undefined> {
  const facts = await checkpointFacts(path, options, context);
  context.terminal.result(formatCheckpoint(path, facts));
  context.terminal.event("inspection", { path, kind: facts.steps ? "run" : "checkpoint", ...facts });
  return facts.problem;
}

/** @returns what is wrong, if anything is */
async function inspectFiles(given: string, options: Options, context: Context): Promise<string | undefined> {
  const { terminal } = context;
  const opened = await openModelFiles([given], context);
  const path = shownModel(given);
  try {
    const found: FileFacts[] = [];
    for (const source of opened.sources) found.push(await fileFacts(source, options, context));
    const model = await modelFacts(opened.sources, found, options);
    const kind = await kindOf(given);
    const together = kind === "folder" || found.length > 1;
    if (together) terminal.result([path, ...formatModel(model), ""]);
    for (const file of found) terminal.result(formatFile(file, together || file.problem ? undefined : model));
    const problem = problemOf(found, model);
    terminal.event("inspection", { path, kind, model, files: found, ...(problem !== undefined && { problem }) });
    return problem;
  } finally {
    await opened.close();
  }
}

function problemOf(found: readonly FileFacts[], model: ModelFacts): string | undefined {
  const damaged = found.find(({ problem }) => problem !== undefined);
  if (damaged) return damaged.problem;
  return model.kind === "damaged" ? model.problem : undefined;
}

async function kindOf(path: string): Promise<"address" | "folder" | "file"> {
  if (isAddress(path)) return "address";
  return (await files.stat(path)).isDirectory() ? "folder" : "file";
}
