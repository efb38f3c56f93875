// Rollout block by block: each mixes what reached its input as its own attention maps say, and keeps half.
import { scope, tensor } from "@beitjs/tensor-core";
import { createRng } from "@beitjs/tensor-core/random";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { expect, it } from "vitest";
import { attentionMaps } from "./attention-maps.ts";
import { attentionRollout } from "./attention-rollout.ts";
import { beitVariants, patchCount } from "./config.ts";
import { initBeit } from "./init.ts";

const backend = createReferenceBackend();
const config = { ...beitVariants.base, imageSize: 6, patchSize: 2, width: 8, depth: 2, heads: 2, vocabSize: 0 };

it("agrees with attention maps of both blocks, and every row sums to one", async () => {
  const beit = initBeit(config, createRng(3), backend, { std: 0.5 });
  const rng = createRng(4);
  const pixels = tensor(
    Float32Array.from({ length: 2 * 6 * 6 * 3 }, () => rng.normal()),
    [2, 6, 6, 3],
    backend,
  );
  const patches = Array.from({ length: patchCount(config) }, (_, patch) => patch);
  const tokens = patches.length + 1;
  const [first, second] = scope(backend, () => attentionMaps(beit, pixels, { patches, blocks: [0, 1] }));
  const [inner, outer] = [await first.read(), await second.read()];
  const shallow = {
    config: { ...config, depth: 1 },
    params: { ...beit.params, blocks: beit.params.blocks.slice(0, 1) },
  };
  const [before, after] = [await attentionRollout(shallow, pixels), await attentionRollout(beit, pixels)];
  const mixed = (maps: ArrayLike<number>, image: number, patch: number, key: number) => {
    const at = (head: number) => maps[((image * 2 + head) * patches.length + patch) * tokens + key];
    return (at(0) + at(1)) / 4 + (key === patch + 1 ? 0.5 : 0);
  };
  for (const image of [0, 1]) {
    for (const patch of patches) {
      const row = (patch + 1) * tokens;
      for (let token = 0; token < tokens; token++) {
        expect(before[image][row + token]).toBeCloseTo(mixed(inner, image, patch, token), 7);
        let through = 0;
        for (let key = 0; key < tokens; key++)
          through += mixed(outer, image, patch, key) * before[image][key * tokens + token];
        expect(after[image][row + token]).toBeCloseTo(through, 7);
      }
    }
    for (let row = 0; row < tokens; row++) {
      const sum = after[image].subarray(row * tokens, (row + 1) * tokens).reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo(1, 6);
    }
  }
});
