// The parameter names of openai/DALL-E, microsoft/unilm's dVAE and DALLE-pytorch beside ours, in one table for each config.
import type { DallEConfig, DvaeConfig, StridedConfig } from "./config.ts";

/** How an official tensor lies in memory: a filter, a transposed filter, a table, a table stored as a 1x1 filter, a vector. */
export type OfficialLayout = "filter" | "transposed-filter" | "table" | "filter-as-table" | "vector";
export type OfficialName = { readonly official: string; readonly path: string; readonly layout: OfficialLayout };

/** Every parameter of a config: official name, our path, layout. */
export function officialNamesOf(config: DvaeConfig): readonly OfficialName[] {
  return config.architecture === "dall-e" ? dallENames(config) : stridedNames(config);
}

function dallENames({ groups, blocksPerGroup, ...config }: DallEConfig): OfficialName[] {
  const conv = (official: string, path: string): OfficialName[] => [
    { official: `${official}.w`, path: `${path}.filter`, layout: "filter" },
    { official: `${official}.b`, path: `${path}.bias`, layout: "vector" },
  ];
  const half = (name: "encoder" | "decoder"): OfficialName[] =>
    Array.from({ length: groups * blocksPerGroup }, (_, i) => {
      const [group, block] = [Math.floor(i / blocksPerGroup), i % blocksPerGroup];
      const official = `${name}.blocks.group_${group + 1}.block_${block + 1}`;
      const path = `${name}.groups.${group}.${block}`;
      const widthChanges =
        block === 0 &&
        (name === "encoder" ? group > 0 : group > 0 || config.codebookWidth !== config.hidden * 2 ** (groups - 1));
      return [
        ...[1, 2, 3, 4].flatMap((n) => conv(`${official}.res_path.conv_${n}`, `${path}.conv${n}`)),
        ...(widthChanges ? conv(`${official}.id_path`, `${path}.identity`) : []),
      ];
    }).flat();
  return [
    ...conv("encoder.blocks.input", "encoder.input"),
    ...half("encoder"),
    ...conv("encoder.blocks.output.conv", "encoder.output"),
    { official: "decoder.blocks.input.w", path: "codebook.table", layout: "filter-as-table" },
    { official: "decoder.blocks.input.b", path: "codebook.bias", layout: "vector" },
    ...half("decoder"),
    ...conv("decoder.blocks.output.conv", "decoder.output"),
  ];
}

function stridedNames({ layers, blocksPerStage, middleBlocks }: StridedConfig): OfficialName[] {
  const names: OfficialName[] = [{ official: "codebook.weight", path: "codebook.table", layout: "table" }];
  const conv = (official: string, path: string, layout: OfficialLayout = "filter"): void => {
    names.push({ official: `${official}.weight`, path: `${path}.filter`, layout });
    names.push({ official: `${official}.bias`, path: `${path}.bias`, layout: "vector" });
  };
  const block = (official: string, path: string): void =>
    [1, 2, 3].forEach((n) => conv(`${official}.net.${2 * n - 2}`, `${path}.conv${n}`));
  for (const [half, stage, layout] of [
    ["encoder", "down", "filter"],
    ["decoder", "up", "transposed-filter"],
  ] as const) {
    let index = 0;
    const middle = (): void => {
      for (let i = 0; i < middleBlocks; i++) block(`${half}.${index++}`, `${half}.middle.${i}`);
    };
    if (half === "decoder" && middleBlocks > 0) conv(`${half}.${index++}`, "decoder.input");
    if (half === "decoder") middle();
    for (let layer = 0; layer < layers; layer++) {
      conv(`${half}.${index++}.0`, `${half}.stages.${layer}.${stage}`, layout);
      for (let i = 0; i < blocksPerStage; i++) block(`${half}.${index++}`, `${half}.stages.${layer}.blocks.${i}`);
    }
    if (half === "encoder") middle();
    conv(`${half}.${index}`, half === "encoder" ? "encoder.logits" : "decoder.output");
  }
  return names;
}
