// `beit demo`: what it is called and takes.
import { backendFlags } from "../../backends/flags.ts";
import { classFlags, decodingFlags } from "../../images/flags.ts";
import { takeOverFlags } from "../../runs/flags.ts";
import { defineCommand, integer, toggle } from "../../program/command.ts";

export const demoFlags = {
  data: {
    value: "set",
    description:
      "fashion (14,000 of Fashion-MNIST) or emoji (two styles of drawing), which come along, or a folder of labeled images",
    fallback: "fashion",
  },
  out: { value: "dir", description: "run folder; a demo that was stopped goes on in it", fallback: "runs/demo" },
  ...takeOverFlags,
  seeds: integer(
    "count",
    "fine-tune that many pairs, with other labels and other starts; tokenizer and pre-training are made once",
    1,
    1,
  ),
  short: toggle("a few hundred images and an epoch or two, to see that everything works; the figures mean nothing"),
  skipBad: toggle("set images aside that cannot be read, instead of stopping"),
  ...classFlags,
  ...decodingFlags,
  ...backendFlags,
};

export const demoCommand = defineCommand({
  name: "demo",
  group: "train",
  summary: "Run the whole loop: tokenizer, pre-training, few-label fine-tuning against from scratch, report",
  example: "beit demo --seeds 3 --out runs/demo-3",
  flags: demoFlags,
  load: () => import("../demo.ts"),
});
