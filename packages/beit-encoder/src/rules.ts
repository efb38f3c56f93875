// Which parameters decay and how fast they learn, as lists of [pattern, value]; the first match wins and every parameter
// is covered. (BEiT, optim_factory.py)
import type { BeitConfig } from "./config.ts";

/** What holds for all parameters whose paths the pattern matches. */
export type ParameterRule<Value = number> = readonly [pattern: RegExp, value: Value];

/**
 * Factor on the weight decay: 0 for biases, norms, layer scales, class token, registers and absolute positions; 1 for the rest, the
 * mask token and the relative position tables included.
 */
export const weightDecayRules: readonly ParameterRule[] = [
  [/^(classToken|positions|registers)$/, 0],
  [/\.(bias|queryBias|valueBias|gamma|beta|scale1|scale2)$/, 0],
  [/^(decoder\.)?maskToken$/, 1],
  [/^(blocks\.\d+\.attention\.)?relativePositionBias$/, 1],
  [/\.weight$/, 1],
];

/** Depth of every parameter: 0 for what makes tokens, i + 1 for block i, `depth` + 1 for all after and a shared table. */
export function parameterDepths({ depth }: Pick<BeitConfig, "depth">): readonly ParameterRule[] {
  const blocks = Array.from({ length: depth }, (_, i): ParameterRule => [new RegExp(`^blocks\\.${i}\\.`), i + 1]);
  return [
    [/^(classToken|maskToken|positions|registers|patchEmbedding\..*)$/, 0],
    ...blocks,
    [/^(norm|visualTokenHead|pixelHead|classNorm|classHead|decoder)\.|^relativePositionBias$/, depth + 1],
  ];
}

/** Factor on the learning rate by depth: `decay` to the power of the blocks between a parameter and the heads, plus one. */
export function layerDecayRules(config: Pick<BeitConfig, "depth">, decay: number): readonly ParameterRule[] {
  return parameterDepths(config).map(([pattern, depth]) => [pattern, decay ** (config.depth + 1 - depth)]);
}
