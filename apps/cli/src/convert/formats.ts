// The formats a model can be written in: which files, and how they are used there.
import {
  saveBeit,
  saveOfficialBeit,
  toHuggingFace,
  type Beit,
  type Preprocessing,
  type ResizingOptions,
} from "@beitjs/beit-encoder";
import { saveOfficialTokenizer, saveTokenizer, tokenizerToOfficial, type Tokenizer } from "@beitjs/dvae-tokenizer";
import { writeSafetensors } from "@beitjs/tensor-core/safetensors";
import type { Format } from "./format-names.ts";
import { beitToOnnx, tokenizerToOnnx, type BeitOutput } from "@beitjs/onnx";

/** Bytes by file name. */
export type WrittenFiles = ReadonlyMap<string, Uint8Array>;

export type BeitToWrite = {
  readonly beit: Beit;
  readonly labels?: readonly string[] | undefined;
  readonly multiLabel?: boolean | undefined;
  readonly preprocessing: Preprocessing;
  readonly onnxOutput: BeitOutput;
  readonly half: boolean;
  /** Of ONNX: images of any size, and how positions meet them. */
  readonly openSize: boolean;
  readonly resizing: ResizingOptions;
};

const weights = "model.safetensors";

/** The files of a BEiT in a format. */
export async function beitFiles(
  { beit, labels, multiLabel, preprocessing, onnxOutput, half, openSize, resizing }: BeitToWrite,
  format: Format,
): Promise<WrittenFiles> {
  switch (format) {
    case "beitjs":
      return new Map([[weights, await saveBeit(beit, { labels, multiLabel, preprocessing, half })]]);
    case "hugging-face":
      return new Map(Object.entries(await toHuggingFace(beit, { labels, multiLabel, preprocessing })));
    case "unilm":
      return new Map([[weights, await saveOfficialBeit(beit, { labels, multiLabel, preprocessing })]]);
    case "onnx":
      return new Map([
        [
          "model.onnx",
          await beitToOnnx(beit, { output: onnxOutput, labels, multiLabel, preprocessing, half, openSize, resizing }),
        ],
      ]);
  }
}

/** The files of a tokenizer in a format. OpenAI's has two networks in two files. */
export async function tokenizerFiles(
  tokenizer: Tokenizer,
  format: Exclude<Format, "hugging-face">,
  { half, openSize }: Pick<BeitToWrite, "half" | "openSize">,
): Promise<WrittenFiles> {
  switch (format) {
    case "beitjs":
      return new Map([[weights, await saveTokenizer(tokenizer, { half })]]);
    case "onnx":
      return new Map([["model.onnx", await tokenizerToOnnx(tokenizer, { half, openSize })]]);
    case "unilm":
      if (tokenizer.config.architecture !== "dall-e")
        return new Map([[weights, await saveOfficialTokenizer(tokenizer)]]);
      return dallEFiles(tokenizer);
  }
}

async function dallEFiles(tokenizer: Tokenizer): Promise<WrittenFiles> {
  const official = [...(await tokenizerToOfficial(tokenizer))];
  const half = (name: string) =>
    official
      .filter(([key]) => key.startsWith(`${name}.`))
      .map(([key, value]) => [key.slice(name.length + 1), value] as const);
  return new Map(
    ["encoder", "decoder"].map((name) => [`${name}.safetensors`, writeSafetensors(half(name), { format: "pt" })]),
  );
}
