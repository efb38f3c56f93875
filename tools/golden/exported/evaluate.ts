// Runs a decoded graph of ONNX in float64, node after node: an independent reading of what we export.
import type { DecodedModel, DecodedTensor } from "./decode.ts";
import { operators, type Array64 } from "./operators.ts";

/** All values of a run by name. */
export function evaluate(model: DecodedModel, inputs: Readonly<Record<string, Array64>>): Map<string, Array64> {
  const values = new Map(Object.entries(inputs));
  for (const tensor of model.initializers) values.set(tensor.name, { shape: tensor.dims, data: valuesOf(tensor) });
  for (const { name, opType, inputs, outputs, attributes } of model.nodes) {
    const operator = operators[opType];
    if (!operator) throw new Error(`[evaluate] expected an operator that we know, got ${opType} of ${name}`);
    const found = inputs.map((input) => {
      const value = values.get(input);
      if (!value) throw new Error(`[evaluate] expected ${input} before ${name}, got none`);
      return value;
    });
    operator(found, { outputs: outputs.length, attributes }).forEach((value, i) => values.set(outputs[i], value));
  }
  return values;
}

function valuesOf({ dataType, raw }: DecodedTensor): Float64Array {
  const { buffer } = raw.slice();
  if (dataType === 7) return Float64Array.from(new BigInt64Array(buffer), Number);
  if (dataType === 10) return Float64Array.from(new Uint16Array(buffer), halfValue);
  return new Float64Array(new Float32Array(buffer));
}

// 1 bit sign, 5 bits exponent, 10 bits fraction; finite numbers alone.
function halfValue(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15, (bits >> 10) & 31, bits & 1023];
  return (sign ? -1 : 1) * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : (fraction / 1024) * 2 ** -14);
}
