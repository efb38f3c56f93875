// The globals that mean something here: torch's storage classes and element types. Every other one is a name and no more:
// using it makes a record, and nothing is ever looked up, imported or called.
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

/** Storage classes of element types that have no name here, with the bytes of an element: their tensors are set aside. */
const foreignStorages: ReadonlyMap<string, ForeignType> = new Map([
  ["torch.ComplexDoubleStorage", { name: "complex128", bytes: 16 }],
  ["torch.QUInt8Storage", { name: "quint8", bytes: 1 }],
  ["torch.QInt8Storage", { name: "qint8", bytes: 1 }],
  ["torch.QInt32Storage", { name: "qint32", bytes: 4 }],
  ["torch.QUInt4x2Storage", { name: "quint4x2", bytes: 1 }],
  ["torch.QUInt2x4Storage", { name: "quint2x4", bytes: 1 }],
]);

export type ForeignType = { readonly name: string; readonly bytes: number };

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

/** Python 2's names of modules, which protocols up to 2 keep writing. */
const renamed: ReadonlyMap<string, string> = new Map([
  ["__builtin__", "builtins"],
  ["copy_reg", "copyreg"],
  ["exceptions", "builtins"],
]);

export function storageDtype(name: string): SafeDtype | undefined {
  return storages.get(onHost(name));
}

export function foreignStorage(name: string): ForeignType | undefined {
  return foreignStorages.get(onHost(name));
}

export function namedDtype(name: string): SafeDtype | undefined {
  return dtypes.get(name);
}

/** The dotted name under which a global is known here. */
export function globalName(module: string, name: string): string {
  return `${renamed.get(module) ?? module}.${name}`;
}

// Old files name the classes of the device that the storages were on; the bytes are the same.
function onHost(name: string): string {
  return name.startsWith("torch.cuda.") ? `torch.${name.slice("torch.cuda.".length)}` : name;
}
