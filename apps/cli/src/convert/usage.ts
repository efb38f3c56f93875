// How a written model is used, as code for its model card.
import type { Beit } from "@beitjs/beit-encoder";
import type { Tokenizer } from "@beitjs/dvae-tokenizer";
import { isColor } from "@beitjs/tensor-core/image";
import type { BeitOutput } from "@beitjs/onnx";
import type { Format } from "./format-names.ts";

export type Snippet = { readonly language: "ts" | "python"; readonly code: string };

export type OnnxUsage = { readonly onnxOutput: BeitOutput; readonly openSize: boolean };

export function beitUsage({ config }: Beit, format: Format, { onnxOutput, openSize }: OnnxUsage): Snippet {
  if (format === "beitjs") return openInOurs("beit-encoder", "openBeit", "beit, labels, preprocessing");
  const name =
    config.classes > 0
      ? "BeitForImageClassification"
      : config.vocabSize > 0
        ? "BeitForMaskedImageModeling"
        : "BeitModel";
  if (format === "hugging-face") {
    return python(
      `from transformers import AutoImageProcessor, ${name}`,
      "",
      'processor = AutoImageProcessor.from_pretrained("path/to/this/folder")',
      `model = ${name}.from_pretrained("path/to/this/folder")`,
      `outputs = model(**processor(${imageOf(config)}, return_tensors="pt"))`,
    );
  }
  if (format === "onnx") {
    const pixels = `float32 [batch, channels, height, width], normalized${ofAnySize(openSize)}`;
    return config.vocabSize > 0 && onnxOutput === "logits"
      ? onnx('{"pixel_values": pixels, "bool_masked_pos": mask}', `${pixels}; mask: bool [batch, patches]`)
      : onnx('{"pixel_values": pixels}', pixels);
  }
  return python(
    "from safetensors.torch import load_file",
    "",
    "# relative_position_index is computed by the model and not stored",
    'model.load_state_dict(load_file("model.safetensors"), strict=False)',
  );
}

export function tokenizerUsage(
  { config }: Tokenizer,
  format: Format,
  { openSize }: Pick<OnnxUsage, "openSize">,
): Snippet {
  if (format === "beitjs") return openInOurs("dvae-tokenizer", "openTokenizer", "tokenizer");
  if (format === "onnx") {
    return onnx('{"pixels": pixels}', `float32 [batch, channels, height, width] in [0, 1]${ofAnySize(openSize)}`);
  }
  if (config.architecture === "dall-e") {
    return python(
      "from dall_e import Decoder, Encoder",
      "from safetensors.torch import load_file",
      "",
      "encoder, decoder = Encoder(), Decoder()",
      'encoder.load_state_dict(load_file("encoder.safetensors"))',
      'decoder.load_state_dict(load_file("decoder.safetensors"))',
    );
  }
  return python("from safetensors.torch import load_file", "", 'model.load_state_dict(load_file("model.safetensors"))');
}

// Of bands transformers takes arrays, of 8 bits where nothing is said.
function imageOf({ channels }: Beit["config"]): string {
  return isColor({ channels }) ? "image" : 'bands, rescale_factor=1 / 65535, input_data_format="channels_last"';
}

function openInOurs(packageName: string, open: string, results: string): Snippet {
  const lines = [
    `import { ${open} } from "@beitjs/${packageName}";`,
    'import { createSimdBackend } from "@beitjs/tensor-core/simd";',
    "",
    "const cpu = await createSimdBackend();",
    `const { ${results} } = await ${open}("model.safetensors", cpu);`,
  ];
  return { language: "ts", code: lines.join("\n") };
}

function ofAnySize(openSize: boolean): string {
  return openSize ? ", of any height and width" : "";
}

function onnx(inputs: string, comment: string): Snippet {
  return python(
    "import onnxruntime",
    "",
    'session = onnxruntime.InferenceSession("model.onnx")',
    `outputs = session.run(None, ${inputs})  # ${comment}`,
  );
}

function python(...lines: string[]): Snippet {
  return { language: "python", code: lines.join("\n") };
}
