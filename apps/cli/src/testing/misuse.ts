// Command lines that are judged and not run.
import { Command, CommanderError } from "commander";
import { commands } from "../commands/index.ts";
import { addCommand } from "../program/command.ts";

/** What is wrong with a `beit` command line, its name left out; undefined for one that can be run as printed. */
export function misuse(line: string): string | undefined {
  const program = new Command("beit").exitOverride().configureOutput({ writeErr: () => {}, outputError: () => {} });
  for (const command of commands) addCommand(program, command, async () => {});
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)])
    command
      .exitOverride()
      .configureOutput({ outputError: () => {} })
      .option("--json")
      .option("--debug");
  try {
    program.parse(line.split(/\s+/), { from: "user" });
    return undefined;
  } catch (error) {
    if (error instanceof CommanderError) return error.message;
    throw error;
  }
}
