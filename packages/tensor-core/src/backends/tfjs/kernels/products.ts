// Matrix products. tfjs-wasm multiplies plain matrices with XNNPACK and transposed ones by loops ten times as slow, so
// there a transposed factor is made first.
import type { Engine, TfTensor } from "../engine.ts";

export type Transposed = { readonly transposeA?: boolean; readonly transposeB?: boolean };

/** a b, of matrices or of batches of them; a [K, M] and b [N, K] where transposed. [..., M, K], [..., K, N] -> [..., M, N] */
export function product(
  { tf, device }: Engine,
  a: TfTensor,
  b: TfTensor,
  { transposeA = false, transposeB = false }: Transposed = {},
): TfTensor {
  if (device !== "wasm") return tf.matMul(a, b, transposeA, transposeB);
  const flip = (x: TfTensor): TfTensor => {
    const axes = x.shape.map((_, axis) => axis);
    const [rows, columns] = axes.splice(-2);
    return tf.transpose(x, [...axes, columns, rows]);
  };
  return tf.matMul(transposeA ? flip(a) : a, transposeB ? flip(b) : b);
}
