// The list of origins: complete, told apart, and each with its own conventions.
import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { LazyTensor } from "@beitjs/tensor-core/files";
import { beitOrigins, hasBeitNames } from "../../index.ts";
import type { Contents } from "../files.ts";
import { originOf } from "./index.ts";
import { placesOf, tensorsAt, type Naming } from "./origin.ts";

const one: LazyTensor = { dtype: "F32", shape: [1], read: () => Promise.reject(new Error("read")) };

function contents(names: readonly string[], beside: Partial<Contents> = {}): Contents {
  return { tensors: new Map(names.map((name) => [name, one])), metadata: {}, ...beside };
}

const official = "patch_embed.proj.weight";
const table = "blocks.0.attn.relative_position_bias_table";

describe("originOf", () => {
  it.each<[string, Contents]>([
    ["beitjs", contents(["patchEmbedding.weight"])],
    ["unilm", contents([official])],
    ["unilm", contents([official, table, "blocks.0.attn.relative_position_index"])],
    ["unilm", contents([official, table], { metadata: { "beitjs.origin": "unilm" } })],
    ["timm", contents([official, table])],
    ["timm", contents([official], { config: { architecture: "beit_base_patch16_224" } })],
    ["hugging-face", contents(["beit.embeddings.patch_embeddings.projection.weight"])],
    ["hugging-face", contents(["embeddings.patch_embeddings.projection.weight"])],
  ])("recognizes %s", (name, found) => {
    expect(originOf(found).origin.name).toBe(name);
    expect(hasBeitNames(found.tensors.keys())).toBe(true);
  });

  it("refuses what no origin recognizes, by its first names", () => {
    const names = ["a", "b", "c", "d", "e", "f"];
    expect(() => originOf(contents(names))).toThrow("expected the parameters of a BEiT, got a, b, c, d, e");
    expect(() => originOf(contents([]))).toThrow("got no tensors");
    expect(hasBeitNames(names)).toBe(false);
  });

  it("refuses BEiT v2's tokenizer by name, though its encoder is much as a BEiT", () => {
    const names = ["encoder.patch_embed.proj.weight", "quantize.embedding.weight", "encode_task_layer.0.weight"];
    for (const place of ["", "model."]) {
      const tokenizer = contents(names.map((name) => place + name));
      expect(() => originOf(tokenizer)).toThrow(
        "[openBeit] expected the parameters of a BEiT, got BEiT v2's tokenizer (VQ-KD), which is another network;",
      );
    }
    expect(originOf(contents(names.slice(0, 1))).origin.name).toBe("unilm");
  });

  it("knows every module of its folder", () => {
    const modules = readdirSync(new URL(".", import.meta.url)).filter(
      (name) => !/^(index|origin|.*\.test)\.ts$/.test(name),
    );
    const files = Object.keys(beitOrigins).map((name) => (name === "beitjs" ? "ours.ts" : `${name}.ts`));
    expect(modules.sort()).toEqual(files.sort());
  });
});

describe("placesOf", () => {
  const naming = { patchEmbedding: "patch.weight", bases: ["base."] } as unknown as Naming;

  it("prefers model, then module, then the top, then what is shortest", () => {
    const names = ["x.longer.patch.weight", "x.patch.weight", "patch.weight", "module.patch.weight"];
    const place = () => placesOf([...names, "ema.patch.weight"], naming).raw;
    expect(placesOf([...names, "model.patch.weight"], naming).raw).toBe("model.");
    expect(place()).toBe("module.");
    names.pop();
    expect(place()).toBe("");
    names.pop();
    expect(place()).toBe("x.");
    names.splice(0);
    expect(place()).toBeUndefined();
    expect(placesOf(["dispatch.weight"], naming)).toEqual({ raw: undefined, average: undefined });
  });

  it("prefers timm's average to unilm's, and both to others", () => {
    const names = ["ema.patch.weight", "model_ema.patch.weight", "state_dict_ema.module.patch.weight", "patch.weight"];
    const place = () => placesOf(names, naming).average;
    expect(placesOf([...names, "state_dict_ema.patch.weight"], naming).average).toBe("state_dict_ema.");
    expect(place()).toBe("state_dict_ema.module.");
    names.splice(2, 1);
    expect(place()).toBe("model_ema.");
    names.splice(1, 1);
    expect(place()).toBe("ema.");
  });

  it("leaves the base to the names, because heads lack it", () => {
    const { tensors } = contents(["model.base.patch.weight", "model.head.weight", "optimizer.step"]);
    const { raw = "" } = placesOf(tensors.keys(), naming);
    expect([...tensorsAt(tensors, raw).keys()]).toEqual(["base.patch.weight", "head.weight"]);
  });
});
