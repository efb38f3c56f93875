// Parameters that a PyTorch file holds in a form that is not read: the refusal says which, what they are, and what to do.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { bytesSource } from "@beitjs/tensor-core/files";
import { createReferenceBackend } from "@beitjs/tensor-core/reference";
import { openBeit } from "../index.ts";
import { openFiles } from "./files.ts";
import { matchParameters } from "./match.ts";
import { originOf } from "./origins/index.ts";

const golden = (path: string) =>
  bytesSource(new Uint8Array(readFileSync(new URL(`../../../../tools/golden/${path}`, import.meta.url))), path);

it("a parameter that is no plain tensor", async () => {
  const contents = await openFiles([golden("unilm/pretraining-shared/checkpoint.pth")]);
  const { origin, tensors } = originOf(contents);
  const { config } = origin.describe(contents, tensors, { config: {}, imageSize: undefined });
  const name = "blocks.0.attn.qkv.weight";
  const others = new Map([...tensors].filter(([one]) => one !== name));
  const match = (path: string) => () =>
    matchParameters(others, origin.naming, config, {
      allowUnexpected: false,
      setAside: new Map([[path, "a quantized tensor"]]),
    });
  for (const path of [name, `model.${name}`]) {
    expect(match(path)).toThrow(`got ${name}, which is a quantized tensor: save it as a plain tensor`);
  }
  expect(match(`x${name}`)).toThrow(`got no ${name}`);
});

it("a file without a BEiT among its plain tensors", async () => {
  await expect(openBeit(golden("pickle/kinds.pt"), createReferenceBackend())).rejects.toThrow(
    /got model\.weight, .*; left aside, since they are no plain tensors: aside\.complex128 \(a tensor of complex128\), /,
  );
});
