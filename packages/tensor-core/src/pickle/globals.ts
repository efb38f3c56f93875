// The globals a checkpoint may name. The first tables are understood; the rest are opaque: using one makes a record with
// its name, and nothing is ever looked up, imported or called.
import type { SafeDtype } from "../safetensors/dtypes.ts";

/** Storage classes of torch and the element type each stands for. */
const storages: ReadonlyMap<string, SafeDtype> = new Map([
  ["torch.DoubleStorage", "F64"],
  ["torch.FloatStorage", "F32"],
  ["torch.HalfStorage", "F16"],
  ["torch.BFloat16Storage", "BF16"],
  ["torch.LongStorage", "I64"],
  ["torch.IntStorage", "I32"],
  ["torch.ShortStorage", "I16"],
  ["torch.CharStorage", "I8"],
  ["torch.ByteStorage", "U8"],
  ["torch.BoolStorage", "BOOL"],
]);

/** Constructors that are carried out here, on inert data. */
export const constructors = [
  "collections.OrderedDict",
  "builtins.set",
  "torch.Size",
  "torch._utils._rebuild_tensor",
  "torch._utils._rebuild_tensor_v2",
  "torch._utils._rebuild_parameter",
] as const;
export type ConstructorName = (typeof constructors)[number];

const opaque: ReadonlySet<string> = new Set([
  "argparse.Namespace",
  "functools.partial",
  "torch.device",
  ...["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"].map(
    (dtype) => `torch.${dtype}`,
  ),
  // Numbers that numpy made, such as a best accuracy; they stay records.
  "numpy.dtype",
  "numpy.core.multiarray.scalar",
  "numpy._core.multiarray.scalar",
  "_codecs.encode",
]);

const opaqueModules = /^(dall_e|torch\.nn\.functional|torch\.nn\.modules)(\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const identifier = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function storageDtype(name: string): SafeDtype | undefined {
  return storages.get(name);
}

export function isConstructor(name: string): name is ConstructorName {
  return (constructors as ReadonlyArray<string>).includes(name);
}

/** Whether instances of it become records. */
export function isOpaque(module: string, name: string): boolean {
  return opaque.has(`${module}.${name}`) || (opaqueModules.test(module) && identifier.test(name));
}

/** The dotted name under which a global is known, or undefined where it is not allowed. */
export function allowedGlobal(module: string, name: string): string | undefined {
  // Python 2's name for the module, which protocols up to 2 keep writing.
  const dotted = `${module === "__builtin__" ? "builtins" : module}.${name}`;
  if (!identifier.test(name)) return undefined;
  return storages.has(dotted) || isConstructor(dotted) || isOpaque(module, name) ? dotted : undefined;
}
