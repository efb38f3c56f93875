// A network as ONNX in onnxruntime: node infer-onnx.mjs '<request as JSON>', `engine` "web" (WebAssembly with SIMD) or "node"
// (native). Prints one line of JSON.
import { readFileSync } from "node:fs";
import { measure } from "./measure.mjs";
import { channelsFirst, readPixels } from "./pixels.mjs";

const request = JSON.parse(process.argv[2]);
const { engine, network, config, files, threads } = request;

await measure(request, async () => {
  const ort = await import(engine === "web" ? "onnxruntime-web" : "onnxruntime-node");
  const options = { graphOptimizationLevel: "all" };
  if (engine === "web") ort.env.wasm.numThreads = threads;
  else Object.assign(options, { intraOpNumThreads: threads, interOpNumThreads: 1 });
  const model = engine === "web" ? new Uint8Array(readFileSync(files.onnx)) : files.onnx;
  const session = await ort.InferenceSession.create(model, {
    ...options,
    executionProviders: [engine === "web" ? "wasm" : "cpu"],
  });
  const { imageSize: size, channels } = config;
  const pixels = channelsFirst(readPixels(files.pixels), channels);
  const [input, output] = network === "tokenizer" ? ["pixels", "ids"] : ["pixel_values", "last_hidden_state"];
  return {
    async call() {
      const results = await session.run({ [input]: new ort.Tensor("float32", pixels, [1, channels, size, size]) }, [
        output,
      ]);
      const { data } = results[output];
      return network === "tokenizer" ? Int32Array.from(data, Number) : data;
    },
    facts: async () => ({
      versions: { [`onnxruntime-${engine}`]: ort.env.versions[engine] ?? ort.env.versions.common },
    }),
  };
});
