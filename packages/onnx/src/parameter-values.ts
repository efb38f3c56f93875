// Parameters as ONNX initializers: official names, PyTorch's layouts, read one at a time.
import type { Shape, Tensor } from "@beitjs/tensor-core";
import type { GraphBuilder, Value } from "./graph.ts";

/** An initializer of a tensor's values; of another shape where the official one has more axes. */
export function addParameter(graph: GraphBuilder, name: string, tensor: Tensor, shape: Shape = tensor.shape): Value {
  return graph.parameter(name, shape, () => readValues(tensor));
}

/** Filters of a convolution: ours [O, k, k, C], flat or not, as [O, C, k, k]. */
export function addFilter(
  graph: GraphBuilder,
  name: string,
  tensor: Tensor,
  { size, channels }: { readonly size: number; readonly channels: number },
): Value {
  const shape = [tensor.shape[0], channels, size, size];
  return graph.parameter(name, shape, async () => channelsFirst(await readValues(tensor), size * size, channels));
}

async function readValues(tensor: Tensor): Promise<Float32Array> {
  const values = await tensor.read();
  return values instanceof Float32Array ? values : new Float32Array(values);
}

// [O, pixels, channels] -> [O, channels, pixels]
function channelsFirst(values: Float32Array, pixels: number, channels: number): Float32Array {
  const turned = new Float32Array(values.length);
  let to = 0;
  for (let start = 0; start < values.length; start += pixels * channels) {
    for (let c = 0; c < channels; c++) {
      for (let pixel = 0; pixel < pixels; pixel++) turned[to++] = values[start + pixel * channels + c];
    }
  }
  return turned;
}
