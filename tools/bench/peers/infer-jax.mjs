// A network as ONNX on jax-js' wasm backend, traced and compiled by its `jit`: node infer-jax.mjs '<request as JSON>'. Prints
// one line of JSON. It has one thread in Node.
import { readFileSync } from "node:fs";
import { measure } from "./measure.mjs";
import { channelsFirst, readPixels } from "./pixels.mjs";

// jax-js asks the browser what it is.
globalThis.navigator ??= { hardwareConcurrency: 1, userAgent: "node" };

const request = JSON.parse(process.argv[2]);
const { network, config, files } = request;

await measure(request, async () => {
  const { defaultDevice, init, jit, numpy } = await import("@jax-js/jax");
  const { ONNXModel } = await import("@jax-js/onnx");
  await init("wasm");
  defaultDevice("wasm");
  const model = new ONNXModel(new Uint8Array(readFileSync(files.onnx)));
  const [input, output] = network === "tokenizer" ? ["pixels", "ids"] : ["pixel_values", "last_hidden_state"];
  const run = jit((images) => model.run({ [input]: images })[output]);
  const { imageSize: size, channels } = config;
  const pixels = channelsFirst(readPixels(files.pixels), channels);
  return {
    async call() {
      const images = numpy.array(pixels, { shape: [1, channels, size, size], dtype: numpy.float32 });
      return run(images).data();
    },
    facts: async () => ({ versions: { "jax-js": installedVersion("@jax-js/jax") } }),
  };
});

function installedVersion(name) {
  const url = new URL(`node_modules/${name}/package.json`, import.meta.url);
  return JSON.parse(readFileSync(url, "utf8")).version;
}
