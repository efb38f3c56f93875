// What this backend uses of tfjs: types of its values, and the functions that any `tf` a caller passes must have. Types
// only, so that nobody bundles a tfjs that was not asked for.
import type * as tfjs from "@tensorflow/tfjs-core";

export type TfTensor = tfjs.Tensor;

/** `@tensorflow/tfjs-core` with a backend registered, or what brings it along: `@tensorflow/tfjs`, `@tensorflow/tfjs-node`, `@tensorflow/tfjs-node-gpu`. */
export type TensorFlow = Pick<typeof tfjs, Control | Arithmetic | Shaping | Logic | Reduction>;

type Control =
  "ready" | "getBackend" | "engine" | "getKernel" | "tidy" | "keep" | "tensor" | "scalar" | "zeros" | "range";
type Arithmetic = "add" | "sub" | "mul" | "div" | "square" | "sqrt" | "exp" | "log" | "abs" | "sign" | "erf" | "relu";
type Logic =
  | ("sigmoid" | "softmax" | "minimum" | "clipByValue" | "where" | "isNaN" | "equal" | "notEqual" | "less")
  | ("lessEqual" | "greater" | "greaterEqual" | "logicalAnd" | "logicalOr" | "cast");
type Shaping =
  | ("clone" | "reshape" | "transpose" | "concat" | "stack" | "slice" | "stridedSlice" | "pad" | "reverse" | "gather")
  | "scatterND";
type Reduction = "sum" | "max" | "argMax" | "matMul" | "conv2d" | "conv2dTranspose";

/** What a kernel sees. */
export interface Engine {
  readonly tf: TensorFlow;
  /** Name of tf's backend, such as `cpu`, `wasm`, `webgl`, `webgpu`, `tensorflow`. */
  readonly device: string;
}
