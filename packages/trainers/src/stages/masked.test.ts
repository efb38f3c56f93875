// Pre-training in other ways than BEiT's: what the encoder sees, what is predicted, and of which patches the loss is.
import { afterAll, describe, expect, it } from "vitest";
import { disposeTree, leaves, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { initTokenizer } from "@beitjs/dvae-tokenizer";
import { decodeCheckpoint, encodeCheckpoint, type DecodedCheckpoint } from "../checkpoint.ts";
import type { MaskRecipe, PretrainRecipe } from "../recipes/recipe.ts";
import { tinyImages, tinyPretrain, tinyTokenizer } from "../testing.ts";
import { pretrain, type PretrainReport } from "./pretrain.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const images = tinyImages();
const tokenizer = initTokenizer(tinyTokenizer.model, createRng(1), simd);

const visible: PretrainRecipe = {
  ...tinyPretrain,
  model: { ...tinyPretrain.model, absolutePositions: true, relativePositions: "none" },
  mask: { kind: "uniform", share: 0.75 },
  encoder: "visible",
  decoder: { width: 8, depth: 1, heads: 2 },
};
const pixels = { target: "pixels" } as const;
const blocks = (variant: "official" | "exact"): MaskRecipe => ({ kind: "blockwise", variant, count: 9, minBlock: 2 });

const recipes: readonly (readonly [string, PretrainRecipe])[] = [
  ["visible patches, tokens", visible],
  ["visible patches, pixels", { ...visible, ...pixels }],
  [
    "visible patches, pixels as they are, blocks",
    { ...visible, ...pixels, pixels: { normalized: false, error: "absolute" }, mask: blocks("official") },
  ],
  ["visible patches, loss of all", { ...visible, loss: "all" }],
  ["all patches, pixels", { ...tinyPretrain, ...pixels }],
  ["all patches, spans", { ...tinyPretrain, mask: { kind: "span", share: 0.4 } }],
  ["all patches, loss of all", { ...tinyPretrain, loss: "all" }],
  ["all patches, none hidden", { ...tinyPretrain, loss: "all", mask: { kind: "none" } }],
];

type Run = { readonly losses: readonly number[]; readonly report: PretrainReport };

async function run(
  recipe: PretrainRecipe,
  { until = Infinity, resume }: { until?: number; resume?: DecodedCheckpoint } = {},
): Promise<Run> {
  const losses: number[] = [];
  const given = { ...(recipe.target === "tokens" && { tokenizer }), ...(resume && { resume }) };
  const validation = { images: tinyImages(8), every: { steps: 3 } };
  for await (const report of pretrain({ recipe, images, backend: simd, validation, ...given })) {
    losses.push(report.loss);
    if (report.step >= until || report.ends) return { losses, report };
  }
  throw new Error("the loop ended without a report");
}

const bits = (tree: unknown): Map<string, unknown> =>
  new Map(leaves<Tensor>(tree).map(([path, leaf]) => [path, leaf.readSync()]));
const release = ({ report: { state } }: Run): void => disposeTree(state.trees.map(({ tree }) => tree));

describe.each(recipes)("%s", (_, recipe) => {
  it("resumes to the very same weights, losses and moments", async () => {
    const before = simd.memory().tensors;
    const whole = await run(recipe);
    const stopped = await run(recipe, { until: 4 });
    const { state, step } = stopped.report;
    const info = { stage: "pretrain", model: {}, recipe, step, position: { epoch: 1, batch: 1 } } as const;
    const resume = await decodeCheckpoint(await encodeCheckpoint(state, info));
    const resumed = await run(recipe, { resume });
    expect([...stopped.losses, ...resumed.losses]).toEqual(whole.losses);
    expect(bits(resumed.report.state.params)).toEqual(bits(whole.report.state.params));
    expect(bits(resumed.report.state.optimizer.secondMoments)).toEqual(
      bits(whole.report.state.optimizer.secondMoments),
    );
    for (const one of [whole, stopped, resumed]) release(one);
    expect(simd.memory().tensors).toBe(before);
  });

  it("learns a batch by heart", async () => {
    const views = {
      ...recipe.views,
      colorJitter: { brightness: 0, contrast: 0, saturation: 0 },
      scale: [1, 1],
    } as const;
    const learningRate = { ...recipe.learningRate, peak: 1e-2 };
    const fixed = { ...recipe, learningRate, views, model: { ...recipe.model, dropPath: 0 }, epochs: 60 };
    const losses: number[] = [];
    let last: PretrainReport | undefined;
    const given = recipe.target === "tokens" ? { tokenizer } : {};
    for await (const report of pretrain({ recipe: fixed, images: tinyImages(8), backend: simd, ...given })) {
      losses.push(report.loss);
      last = report;
    }
    const mean = (part: readonly number[]) => part.reduce((sum, loss) => sum + loss) / part.length;
    expect(mean(losses.slice(-5))).toBeLessThan(0.95 * mean(losses.slice(0, 5)));
    disposeTree(last?.state.trees.map(({ tree }) => tree));
  });
});
