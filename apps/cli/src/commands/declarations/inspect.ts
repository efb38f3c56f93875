// `beit inspect`: what it is called and takes.
import { looseFlags } from "../../models/flags.ts";
import { defineCommand, type Flag } from "../../program/command.ts";

const paths: Flag<readonly string[]> = {
  value: "path...",
  description: "files, model folders, run folders, or addresses",
  required: true,
};
// Without a default: the parser has one of its own for switches that begin with `no`.
const noHash: Flag<boolean | undefined> = { description: "do not hash the files: a large one takes a while" };

export const inspectFlags = { paths, noHash, normalization: looseFlags.normalization };

export const inspectCommand = defineCommand({
  name: "inspect",
  group: "models",
  summary: "Tell what a file, a folder or an address holds",
  example: "beit inspect beit_base_patch16_224_pt22k.pth --no-hash",
  argument: "paths",
  flags: inspectFlags,
  load: () => import("../inspect.ts"),
});
