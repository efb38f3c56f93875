// `beit label-efficiency`: what a pre-trained encoder is worth with few labels and with all, in one command.
import { openBackend } from "../backends/open.ts";
import type { Context, FlagValues } from "../program/command.ts";
import { exitCodes } from "../program/exit-codes.ts";
import { inRunFolder } from "../runs/folder.ts";
import { labelStudy } from "../studies/label-study.ts";
import type { labelEfficiencyFlags } from "./declarations/label-efficiency.ts";

export async function run(flags: FlagValues<typeof labelEfficiencyFlags>, context: Context): Promise<number> {
  const { terminal } = context;
  const { lines, paths } = await inRunFolder(flags.out, flags, context, async () => {
    const { backend, facts } = await openBackend(flags, context);
    return labelStudy(flags, { backend, facts }, context);
  });
  terminal.result(lines);
  terminal.info(`written: ${paths.join(", ")}`);
  terminal.event("result", { files: paths });
  return exitCodes.done;
}
