// Pre-training in other ways than BEiT's: what the encoder sees, what is predicted, and of which patches the loss is.
import { afterAll, describe, expect, it } from "vitest";
import { disposeTree, leaves, type Tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { initTokenizer } from "@beitjs/dvae-tokenizer";
import { decodeCheckpoint, encodeCheckpoint, type DecodedCheckpoint } from "../checkpoint.ts";
import type { MaskRecipe, PretrainRecipe } from "../recipes/recipe.ts";
import { tinyImages, tinyPretrain, tinyTokenizer, tinyVisible } from "../testing.ts";
import { estimateMemory } from "../plan/memory.ts";
import { pretrain, type PretrainReport } from "./pretrain.ts";

const simd = await createSimdBackend({ threads: 2 });
afterAll(() => simd.dispose());
const images = tinyImages();
const tokenizer = initTokenizer(tinyTokenizer.model, createRng(1), simd);

const visible = tinyVisible;
const pixels = { target: "pixels" } as const;
const still = { peak: 0, minimum: 0, warmup: { steps: 0 } } as const;
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

it("takes a tokenizer for tokens and none for pixels", async () => {
  const begin = (recipe: PretrainRecipe, given: { readonly tokenizer?: typeof tokenizer }) =>
    pretrain({ recipe, images, backend: simd, ...given }).next();
  await expect(begin(visible, {})).rejects.toThrow("[pretrain] expected a tokenizer for target tokens, got none");
  await expect(begin({ ...visible, ...pixels }, { tokenizer })).rejects.toThrow(
    "[pretrain] expected no tokenizer for target pixels, got one",
  );
});

it("tells of hidden patches alone how many are right, also where all count", async () => {
  const { report } = await run({ ...tinyPretrain, loss: "all", learningRate: still }, { until: 1 });
  const { report: hidden } = await run({ ...tinyPretrain, learningRate: still }, { until: 1 });
  expect(report.accuracy).toBe(hidden.accuracy);
  expect(report.loss).not.toBe(hidden.loss);
  expect(hidden.visibleAccuracy).toBeUndefined();
  for (const { state } of [report, hidden]) disposeTree(state.trees.map(({ tree }) => tree));
});

it("tells beside it of visible patches, in training and in validation, where all count", async () => {
  const recipe = { ...tinyPretrain, loss: "all", epochs: 40 } as const;
  const learned = { ...recipe, learningRate: { ...recipe.learningRate, peak: 1e-2 } };
  let split: PretrainReport["validation"];
  const seen: number[] = [];
  const validation = { images, every: { steps: 30 } };
  for await (const report of pretrain({ recipe: learned, images, backend: simd, tokenizer, validation })) {
    seen.push(report.visibleAccuracy ?? -1);
    split ??= report.validation;
    if (!split) continue;
    disposeTree(report.state.trees.map(({ tree }) => tree));
    break;
  }
  expect(seen.every((share) => share >= 0 && share <= 1)).toBe(true);
  const { accuracy, visibleAccuracy } = split?.values ?? {};
  // Whoever sees a patch knows more of its token.
  expect(visibleAccuracy).toBeGreaterThan(accuracy);
});

it("touches the mask token where patches are hidden, and never where none is", async () => {
  const moved = async (recipe: PretrainRecipe) => {
    const { report } = await run(recipe, { until: 3 });
    const { secondMoments } = report.state.optimizer;
    const [, token] = leaves<Tensor>(secondMoments).find(([path]) => path === "maskToken") ?? [];
    const values = Array.from((token as Tensor).readSync("float32"));
    disposeTree(report.state.trees.map(({ tree }) => tree));
    return values;
  };
  const none = await moved({ ...tinyPretrain, loss: "all", mask: { kind: "none" } });
  expect(none).toEqual(none.map(() => 0));
  expect((await moved({ ...tinyPretrain, loss: "all" })).every((value) => value > 0)).toBe(true);
});

it("foresees its memory, as the run takes it", async () => {
  for (const recipe of [visible, { ...visible, ...pixels }]) {
    const backend = await createSimdBackend({ threads: 1 });
    const given = recipe.target === "tokens" ? { tokenizer } : {};
    const expected = await estimateMemory(recipe, { backend });
    const { value } = await pretrain({ recipe, images, backend, ...given }).next();
    expect(value).toBeDefined();
    // A step of two that is foreseen, and the images of the next one.
    expect(backend.memory().peak).toBeLessThanOrEqual(expected?.peak ?? 0);
    expect(backend.memory().peak).toBeGreaterThan(0.5 * (expected?.peak ?? 0));
    backend.dispose();
  }
});
