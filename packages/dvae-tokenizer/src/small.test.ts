import { leaves, type Backend, type Tensor } from "@beitjs/tensor-core";
import { createSimdBackend } from "@beitjs/tensor-core/simd";
import { afterEach, expect, it, vi } from "vitest";
import { loadTokenizer } from "./load.ts";
import { smallTokenizerBytes } from "./small.ts";

afterEach(() => vi.doUnmock("./small.ts"));

it("the bytes are the tokenizer that its name loads", async () => {
  const backend = await createSimdBackend({ threads: 1, build: "base" });
  const [named, given] = [await loadTokenizer("small", backend), loadTokenizer(smallTokenizerBytes(), backend)];
  expect(given.config).toEqual(named.config);
  const valuesOf = (tree: unknown) => leaves<Tensor>(tree).map(([path, leaf]) => [path, leaf.readSync()]);
  expect(valuesOf(given.params)).toEqual(valuesOf(named.params));
});

it("the name says where the bytes are when import() is forbidden", async () => {
  vi.doMock("./small.ts", () => {
    throw new TypeError("import() is disallowed on ServiceWorkerGlobalScope");
  });
  await expect(loadTokenizer("small", {} as Backend)).rejects.toThrow(
    /^\[loadTokenizer\] expected a host that loads modules at run time for "small", got .*; where import\(\) is forbidden, as in service workers, pass smallTokenizerBytes\(\) of @beitjs\/dvae-tokenizer\/small$/s,
  );
});
