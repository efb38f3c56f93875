// `beit doctor`: what it is called and takes.
import { defineCommand, integer, toggle } from "../../program/command.ts";

export const doctorFlags = {
  threads: integer("count", "threads of simd (default: all processors)", 1),
  softwareGpu: toggle("test webgpu on a driver that computes on the processor, too"),
};

export const doctorCommand = defineCommand({
  name: "doctor",
  group: "machine",
  summary: "Show what this machine offers and test every backend",
  example: "beit doctor --json",
  flags: doctorFlags,
  load: () => import("../doctor.ts"),
});
