// Both networks on simd by batch size, image size and number of threads: that cost grows with the pixels and nothing else.
import type { BenchOptions } from "../arguments.ts";
import { bundleWorker } from "../bundle.ts";
import { encoderConfig } from "../encoder/suite.ts";
import { writeModel } from "../inference/model-files.ts";
import type { NetworkName } from "../inference/settings.ts";
import { runContestants, type Contestant } from "../processes.ts";
import type { Column, Row, SuiteResult } from "../report.ts";
import { simdVariants, type SimdVariant } from "../simd-builds.ts";
import { median, rounded, spread } from "../statistics.ts";
import { tokenizerConfig } from "../tokenizer/suite.ts";
import { sweepPoints, type SweepResult } from "./settings.ts";

const configs = { tokenizer: tokenizerConfig, encoder: encoderConfig };
const networks = Object.keys(configs) as NetworkName[];
const settings = { calls: 2 };

const columns: readonly Column[] = [
  { key: "network", title: "network" },
  { key: "contestant", title: "contestant" },
  { key: "batch", title: "batch" },
  { key: "imageSize", title: "size" },
  { key: "medianMs", title: "median ms", digits: 0 },
  { key: "imageMs", title: "ms an image", digits: 0 },
  { key: "megapixelMs", title: "ms a megapixel", digits: 0 },
  { key: "spread", title: "spread", digits: 2 },
];

type SweepContestant = Contestant & SimdVariant & { readonly network: NetworkName };

export async function sweepSuite({ rounds, threads }: BenchOptions): Promise<SuiteResult> {
  const worker = await bundleWorker(new URL("worker.ts", import.meta.url));
  const contestants: SweepContestant[] = [];
  for (const network of networks) {
    const { files } = await writeModel({ config: configs[network], seed: 1, weightsOnly: true });
    for (const { name, ...variant } of simdVariants(threads)) {
      const request = { network, weights: files.weights, points: sweepPoints[network], ...settings, ...variant };
      contestants.push({ name: `${network} ${name}`, network, command: worker(request), ...variant });
    }
  }
  const results = await runContestants<SweepResult>(contestants, rounds, (points) => `${points.length} points`);
  return {
    settings: { ...settings, configs },
    rows: contestants.flatMap((contestant) => sweepRows(contestant, results.get(contestant.name) ?? [])),
    columns,
    ratios: {},
    skipped: [],
    problems: [],
    versions: {},
  };
}

function sweepRows({ name, network, build, threads }: SweepContestant, rounds: readonly SweepResult[]): Row[] {
  return rounds[0].map(({ point: { batch, imageSize } }, i) => {
    const medians = rounds.map((points) => median(points[i].times));
    const milliseconds = median(medians);
    return {
      network,
      contestant: name.slice(network.length + 1),
      build,
      threads,
      batch,
      imageSize,
      medianMs: rounded(milliseconds),
      imageMs: rounded(milliseconds / batch),
      megapixelMs: rounded((milliseconds / batch / imageSize ** 2) * 1e6),
      spread: spread(medians),
    };
  });
}
