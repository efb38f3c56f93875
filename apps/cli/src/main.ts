// The entry of the program `beit`.
import { runCli } from "./cli.ts";
import { processHost } from "./program/host.ts";

process.exitCode = await runCli(process.argv.slice(2), processHost());
