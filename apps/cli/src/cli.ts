// The program: flags of all commands, errors as one line, exit codes.
import { Command as Commander, CommanderError } from "commander";
import { addCommand, commandGroups, type Command } from "./program/command.ts";
import { commands } from "./commands/index.ts";
import { exitCodeOf, exitCodes, messageOf } from "./program/exit-codes.ts";
import type { Host } from "./program/host.ts";
import { printableLines } from "./program/printable.ts";
import { createInterrupt } from "./program/interrupt.ts";
import { createTerminal, type Terminal } from "./program/terminal.ts";
import { cliVersion } from "./program/version.ts";

type GlobalFlags = { readonly json?: boolean; readonly debug?: boolean };

/**
 * Runs a command line, without the program's own name.
 *
 * @param known all commands; others for tests of what is parsed
 * @returns the exit code: 0 done, 1 failed, 2 wrong use, 130 interrupted
 */
export async function runCli(argv: readonly string[], host: Host, known = commands): Promise<number> {
  const terminal = createTerminal(host, { json: argv.includes("--json") });
  let exitCode: number = exitCodes.done;
  const program = createProgram(host, known, async (command, flags) => {
    const interrupt = createInterrupt(host, terminal.info, command.stopping);
    const endings: (() => void)[] = [interrupt.dispose];
    try {
      const { run } = await command.load();
      exitCode = await run(flags as never, { host, terminal, interrupt, onEnd: (end) => void endings.push(end) });
    } finally {
      for (const end of endings.reverse()) end();
    }
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    return report(error, terminal, { debug: argv.includes("--debug") });
  }
}

function createProgram(
  host: Host,
  known: readonly Command[],
  run: (command: Command, flags: GlobalFlags & Record<string, unknown>) => Promise<void>,
): Commander {
  const program = new Commander("beit")
    .description("Train, fine-tune and look inside BEiT.")
    .version(cliVersion())
    .option("--json", "events as JSON lines on stdout")
    .option("--debug", "stack traces of errors")
    .showSuggestionAfterError()
    .commandsGroup("Help:") // of what no declaration has: `help`
    .helpCommand(true)
    .configureOutput({
      writeOut: (text) => void host.stdout.write(printableLines(text)),
      writeErr: (text) => void host.stderr.write(printableLines(text)),
      outputError: () => {},
    })
    .exitOverride()
    .addHelpText("after", "\nExample:\n  beit train-tokenizer --data photos --out runs/tokenizer");
  for (const group of commandGroups)
    for (const command of known) if (command.group === group) addCommand(program, command, run);
  inheritSettings(program);
  return program;
}

// Sub-commands made before a setting do not have it, those of groups never.
function inheritSettings(program: Commander): void {
  for (const command of program.commands) {
    command.copyInheritedSettings(program);
    command.option("--json", "events as JSON lines on stdout").option("--debug", "stack traces of errors");
    inheritSettings(command);
  }
}

function report(error: unknown, terminal: Terminal, { debug }: { readonly debug: boolean }): number {
  if (error instanceof CommanderError) {
    // Help and version are no errors; help shown for want of a command is one.
    if (error.exitCode === 0) return exitCodes.done;
    if (error.code !== "commander.help") terminal.error(messageOf(error).replace(/^error: /, ""));
    return exitCodes.wrongUse;
  }
  const code = exitCodeOf(error);
  if (code === exitCodes.interrupted) return code;
  terminal.error(messageOf(error));
  if (debug && error instanceof Error) terminal.info(stackOf(error));
  terminal.event("error", { message: messageOf(error), exitCode: code });
  return code;
}

// The calls alone, below the message as a line of its own: a message may say anything, newlines among it.
function stackOf(error: Error): string[] {
  const calls = (error.stack ?? "").split("\n").filter((line) => /^ {4}at /.test(line));
  const own = [`${error.name}: ${error.message}`, ...calls];
  if (!(error.cause instanceof Error)) return own;
  const [first, ...rest] = stackOf(error.cause);
  return [...own, `caused by ${first}`, ...rest];
}
