// The flag of commands that write files of results.
import { toggle } from "../program/command.ts";

export const forceFlags = { force: toggle("write over files that are there") };
