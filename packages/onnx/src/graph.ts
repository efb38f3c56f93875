// Builds a graph of ONNX node by node. A node's first output has the node's name; constants are shared by their values.
import { sizeOf, type Shape } from "@beitjs/tensor-core";
import { parameterToHalf } from "@beitjs/tensor-core/safetensors";
import {
  attributeTypes,
  dataTypes,
  type AttributeProto,
  type DataType,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./proto.ts";

/** The name of a value: an input, an initializer or what a node gives. */
export type Value = string;

/** Whole numbers, their lists, or a number of another kind in `{ float }`. */
export type Attributes = Readonly<Record<string, number | readonly number[] | { readonly float: number }>>;

/** Sizes, or names of what is open. */
export type OpenShape = readonly (number | string)[];

export interface GraphBuilder {
  input(name: string, type: DataType, shape: OpenShape): Value;
  /** Makes the value of this name a result. */
  output(name: Value, type: DataType, shape: OpenShape): void;
  /** A trained float32, read when the file is written: an initializer, or what a Cast makes of one in 16 bits. */
  parameter(name: string, shape: Shape, read: () => Promise<Float32Array>): Value;
  /** A float32 initializer, whatever parameters are. */
  constant(name: string, shape: Shape, values: () => Float32Array): Value;
  /** An int64 initializer of its own name. */
  table(name: string, shape: Shape, values: Iterable<number>): Value;
  /** A list of int64, as shapes and slices are given. */
  integers(...values: readonly number[]): Value;
  /** A float32 without axes. */
  scalar(value: number): Value;
  node(type: string, name: string, inputs: readonly Value[], attributes?: Attributes): Value;
  /** A node of several outputs, with their names. */
  nodes(type: string, outputs: readonly string[], inputs: readonly Value[], attributes?: Attributes): readonly Value[];
  finish(): GraphProto;
}

export type GraphOptions = {
  /** Name in front of messages. */
  readonly caller: string;
  /** Parameters in 16 bits. */
  readonly half?: boolean | undefined;
};

export function createGraph(graphName: string, { caller, half = false }: GraphOptions): GraphBuilder {
  const node: NodeProto[] = [];
  const initializers = new Map<string, TensorProto>();
  const input: ValueInfoProto[] = [];
  const output: ValueInfoProto[] = [];
  const initialize = (name: string, type: DataType, dims: Shape, read: () => Promise<Uint8Array>): Value => {
    const byteLength = sizeOf(dims) * byteWidths[type];
    initializers.set(name, { dims, dataType: dataTypes[type], name, rawData: { byteLength, read } });
    return name;
  };
  const builder: GraphBuilder = {
    input(name, type, shape) {
      input.push(valueInfo(name, type, shape));
      return name;
    },
    output: (name, type, shape) => void output.push(valueInfo(name, type, shape)),
    parameter(name, shape, read) {
      if (!half) return initialize(name, "float32", shape, async () => bytesOf(await read()));
      initialize(name, "float16", shape, async () => parameterToHalf(await read(), shape, { user: caller, name }).data);
      return builder.node("Cast", `${name}/float32`, [name], { to: dataTypes.float32 });
    },
    constant: (name, shape, values) => initialize(name, "float32", shape, () => Promise.resolve(bytesOf(values()))),
    table: (name, shape, values) =>
      initialize(name, "int64", shape, () => Promise.resolve(bytesOf(BigInt64Array.from(values, BigInt)))),
    integers: (...values) => builder.table(`integers/${values.join(",")}`, [values.length], values),
    scalar: (value) => builder.constant(`scalar/${value}`, [], () => Float32Array.of(value)),
    node: (type, name, inputs, attributes) => builder.nodes(type, [name], inputs, attributes)[0],
    nodes(opType, outputs, inputs, attributes = {}) {
      const attribute = Object.entries(attributes).map(([name, value]) => attributeProto(name, value));
      node.push({ input: inputs, output: outputs, name: outputs[0], opType, attribute });
      return outputs;
    },
    finish: () => ({ node, name: graphName, initializer: [...initializers.values()], input, output }),
  };
  return builder;
}

function valueInfo(name: string, type: DataType, shape: OpenShape): ValueInfoProto {
  const dim = shape.map((size) => (typeof size === "string" ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: dataTypes[type], shape: { dim } } } };
}

function attributeProto(name: string, value: Attributes[string]): AttributeProto {
  if (typeof value === "number") return { name, type: attributeTypes.int, i: value };
  if ("float" in value) return { name, type: attributeTypes.float, f: value.float };
  return { name, type: attributeTypes.ints, ints: value };
}

/** Bytes of a value. */
const byteWidths: Readonly<Record<DataType, number>> = { float32: 4, int64: 8, bool: 1, float16: 2 };

// ONNX is little-endian, as is every host that runs WebAssembly.
function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | BigInt64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
