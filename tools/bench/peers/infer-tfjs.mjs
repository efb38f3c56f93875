// A network on tfjs' wasm backend, with its fused operations: node infer-tfjs.mjs '<request as JSON>'. Prints one line of
// JSON. It has one thread in Node, whatever is asked.
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
import { measure } from "./measure.mjs";
import { readPixels, readWeights } from "./pixels.mjs";
import { openEncoder } from "./tfjs-encoder.mjs";
import { openTokenizer } from "./tfjs-tokenizer.mjs";

const request = JSON.parse(process.argv[2]);
const { network, config, files } = request;

await measure(request, async () => {
  if (!(await tf.setBackend("wasm"))) throw new Error("expected the wasm backend of tfjs to start");
  if (!(await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT"))) throw new Error("expected tfjs to choose its SIMD build");
  const each = (take) => readWeights(files.weights, take);
  const forward = network === "tokenizer" ? openTokenizer(config, each) : openEncoder(config, each);
  const pixels = readPixels(files.pixels);
  const { imageSize: size, channels } = config;
  return {
    async call() {
      const output = tf.tidy(() => forward(tf.tensor4d(pixels, [1, size, size, channels])));
      const values = await output.data();
      output.dispose();
      return values;
    },
    facts: async () => ({
      engineBytes: tf.backend().wasm.HEAPU8.length,
      versions: { tfjs: tf.version_core },
    }),
  };
});
