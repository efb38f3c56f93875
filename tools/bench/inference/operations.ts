// Floating point operations of the networks for one image, a multiply-add counted as two: what plain loops would do.
// Winograd's convolutions do fewer, so their share of the ceiling may come out above what the kernels reach.
import { patchCount, type BeitConfig } from "@beitjs/beit-encoder";
import type { DallEConfig } from "@beitjs/dvae-tokenizer";
import { cellCount, cellGrid } from "@beitjs/tensor-core/grid";
import { tokenizerShapes } from "./parameter-shapes.ts";

export function tokenizerOperations(config: DallEConfig): number {
  let operations = 0;
  for (const [path, shape] of tokenizerShapes(config)) {
    if (!path.endsWith(".filter")) continue;
    const [output, size, , input] = shape;
    const group = path.includes(".output.") ? config.groups - 1 : Number(/groups\.(\d+)/.exec(path)?.[1] ?? 0);
    const cells = cellCount(cellGrid(config.imageSize, 2 ** group));
    operations += 2 * cells * output * input * size ** 2;
  }
  return operations;
}

export function encoderOperations(config: BeitConfig): number {
  const { width, depth, mlpRatio, patchSize, channels } = config;
  const patches = patchCount(config);
  const tokens = patches + 1;
  const linears = 2 * tokens * width ** 2 * (3 + 1 + 2 * mlpRatio);
  const attention = 2 * 2 * tokens ** 2 * width;
  return 2 * patches * patchSize ** 2 * channels * width + depth * (linears + attention);
}

export function operationsOf(config: DallEConfig | BeitConfig): number {
  return "architecture" in config ? tokenizerOperations(config) : encoderOperations(config);
}
