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
  ["torch.ComplexFloatStorage", "C64"],
  // Bytes; each tensor on it says its own element type.
  ["torch.storage.UntypedStorage", "U8"],
]);

/** Element types that torch writes by name beside an untyped storage. */
const dtypes: ReadonlyMap<string, SafeDtype> = new Map([
  ["torch.float64", "F64"],
  ["torch.float32", "F32"],
  ["torch.float16", "F16"],
  ["torch.bfloat16", "BF16"],
  ["torch.int64", "I64"],
  ["torch.int32", "I32"],
  ["torch.int16", "I16"],
  ["torch.int8", "I8"],
  ["torch.uint8", "U8"],
  ["torch.bool", "BOOL"],
  ["torch.uint16", "U16"],
  ["torch.uint32", "U32"],
  ["torch.uint64", "U64"],
  ["torch.complex64", "C64"],
  ["torch.float8_e4m3fn", "F8_E4M3"],
  ["torch.float8_e5m2", "F8_E5M2"],
  ["torch.float8_e4m3fnuz", "F8_E4M3FNUZ"],
  ["torch.float8_e5m2fnuz", "F8_E5M2FNUZ"],
  ["torch.float8_e8m0fnu", "F8_E8M0"],
]);

/** What a `defaultdict` makes its missing values with; named, never called, not even as a record. */
const factories: ReadonlySet<string> = new Set(
  ["bool", "dict", "float", "int", "list", "str", "tuple"].map((name) => `builtins.${name}`),
);

/** Constructors that are carried out here, on inert data. */
const constructors = [
  "collections.OrderedDict",
  "collections.defaultdict",
  "builtins.set",
  "torch.Size",
  "torch._utils._rebuild_tensor",
  "torch._utils._rebuild_tensor_v2",
  "torch._utils._rebuild_tensor_v3",
  "torch._utils._rebuild_parameter",
] as const;
export type ConstructorName = (typeof constructors)[number];

const opaque: ReadonlySet<string> = new Set([
  "argparse.Namespace",
  "functools.partial",
  "torch.device",
  "torch.nn.parallel.data_parallel.DataParallel",
  ...dtypes.keys(),
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

export function namedDtype(name: string): SafeDtype | undefined {
  return dtypes.get(name);
}

export function isFactory(name: string): boolean {
  return factories.has(name);
}

export function isConstructor(name: string): name is ConstructorName {
  return (constructors as ReadonlyArray<string>).includes(name);
}

/** Whether instances of it become records. */
function isOpaque(module: string, name: string): boolean {
  return opaque.has(`${module}.${name}`) || (opaqueModules.test(module) && identifier.test(name));
}

/** The dotted name under which a global is known, or undefined where it is not allowed. */
export function allowedGlobal(module: string, name: string): string | undefined {
  // Python 2's name for the module, which protocols up to 2 keep writing.
  const dotted = `${module === "__builtin__" ? "builtins" : module}.${name}`;
  if (!identifier.test(name)) return undefined;
  const known = storages.has(dotted) || factories.has(dotted) || isConstructor(dotted) || isOpaque(module, name);
  return known ? dotted : undefined;
}
