// The pickle virtual machine (Python: Lib/pickletools.py), all opcodes of protocols 0 to 5, making inert data only. Codes of
// copyreg's registry (EXT1 ...) alone are refused: what they stand for is known to the program that wrote them.
import { build, newObject, reduce } from "./construct.ts";
import type { ConstructContext } from "./construct.ts";
import { PickleError } from "./error.ts";
import { globalName } from "./globals.ts";
import { appendItems, setItems } from "./items.ts";
import { spend } from "./limits.ts";
import type { PickleLimits } from "./limits.ts";
import {
  maxName,
  readDecimal,
  readDecimalFloat,
  readIndex,
  readName,
  readQuoted,
  readUnicodeEscaped,
} from "./lines.ts";
import { opcodeName, opcodeOf } from "./opcodes.ts";
import { readBinary, readLong, readText, readUnsigned, take } from "./operands.ts";
import type { Cursor } from "./operands.ts";
import { persistent } from "./persistent.ts";
import { isKind } from "./value.ts";
import type { PickleDict, PickleValue } from "./value.ts";

export type PickleContext = ConstructContext & { readonly limits: PickleLimits };

type Machine = Cursor & {
  readonly context: PickleContext;
  /** Where the opcode in work lies in the file. */
  at: number;
  readonly stack: PickleValue[];
  readonly marks: number[];
  readonly memo: Map<number, PickleValue>;
};

/** Runs one pickle from byte `start` of `bytes` to its STOP; `end` is the byte after it. */
export function runPickle(
  context: PickleContext,
  bytes: Uint8Array,
  start: number,
  fileOffset: number,
): { readonly value: PickleValue; readonly end: number } {
  const maxString = context.limits.maxString;
  const machine: Machine = {
    context,
    bytes,
    position: start,
    fileOffset,
    maxString,
    at: 0,
    stack: [],
    marks: [],
    memo: new Map(),
  };
  const stop = opcodeOf("STOP");
  for (;;) {
    machine.at = fileOffset + machine.position;
    const opcode = readUnsigned(machine, 1);
    if (opcode === stop) break;
    spend(context.budget, 1, machine.at);
    const operation = operations[opcode];
    if (operation === undefined) {
      throw new PickleError("Opcode", `expected an opcode of pickle, got ${opcodeName(opcode)}`, machine.at);
    }
    operation(machine);
  }
  if (machine.stack.length !== 1 || machine.marks.length !== 0) {
    throw new PickleError("Stack", `expected one value at STOP, got ${machine.stack.length}`, machine.at);
  }
  return { value: machine.stack[0] as PickleValue, end: machine.position };
}

const operations: ReadonlyArray<((machine: Machine) => void) | undefined> = table({
  PROTO: (m) => checkProtocol(m, readUnsigned(m, 1)),
  // A frame only says how much may be read at once; its length is believed no further than the end of the file.
  FRAME: (m) => void checkFrame(m, readUnsigned(m, 8)),
  MARK: (m) => void m.marks.push(m.stack.length),
  POP: (m) => void (m.stack.length > (m.marks.at(-1) ?? 0) ? m.stack.pop() : popMark(m)),
  POP_MARK: (m) => void popMark(m),
  DUP: (m) => push(m, top(m)),
  NONE: (m) => push(m, null),
  NEWTRUE: (m) => push(m, true),
  NEWFALSE: (m) => push(m, false),
  INT: (m) => push(m, readDecimal(m, false)),
  LONG: (m) => push(m, readDecimal(m, true)),
  BININT: (m) => push(m, readUnsigned(m, 4) | 0),
  BININT1: (m) => push(m, readUnsigned(m, 1)),
  BININT2: (m) => push(m, readUnsigned(m, 2)),
  LONG1: (m) => push(m, readLong(m, readUnsigned(m, 1))),
  LONG4: (m) => push(m, readLong(m, readUnsigned(m, 4))),
  FLOAT: (m) => push(m, readDecimalFloat(m)),
  BINFLOAT: (m) => push(m, readDouble(m)),
  STRING: (m) => push(m, readQuoted(m)),
  BINSTRING: (m) => push(m, readBinary(m, readUnsigned(m, 4))),
  SHORT_BINSTRING: (m) => push(m, readBinary(m, readUnsigned(m, 1))),
  UNICODE: (m) => push(m, readUnicodeEscaped(m)),
  SHORT_BINUNICODE: (m) => push(m, readText(m, readUnsigned(m, 1))),
  BINUNICODE: (m) => push(m, readText(m, readUnsigned(m, 4))),
  BINUNICODE8: (m) => push(m, readText(m, readUnsigned(m, 8))),
  SHORT_BINBYTES: (m) => push(m, take(m, readUnsigned(m, 1)).slice()),
  BINBYTES: (m) => push(m, take(m, readUnsigned(m, 4)).slice()),
  BINBYTES8: (m) => push(m, take(m, readUnsigned(m, 8)).slice()),
  BYTEARRAY8: (m) => push(m, take(m, readUnsigned(m, 8)).slice()),
  // Buffers beside the pickle are handed over by a program; no file has them.
  NEXT_BUFFER: (m) => push(m, { kind: "object", className: "pickle.PickleBuffer", args: [], state: null }),
  READONLY_BUFFER: (m) => void top(m),
  EMPTY_DICT: (m) => pushContainer(m, dict()),
  EMPTY_LIST: (m) => pushContainer(m, { kind: "list", items: [] }),
  EMPTY_SET: (m) => pushContainer(m, { kind: "set", items: [] }),
  EMPTY_TUPLE: (m) => pushContainer(m, { kind: "tuple", items: [] }),
  DICT: (m) => {
    const items = popMark(m);
    const made = dict();
    setItems(made, items, m.at);
    pushContainer(m, made);
  },
  LIST: (m) => pushContainer(m, { kind: "list", items: popMark(m) }),
  FROZENSET: (m) => {
    const items = { kind: "list", items: popMark(m) } as const;
    pushContainer(m, { kind: "object", className: "builtins.frozenset", args: [items], state: null });
  },
  TUPLE: (m) => pushContainer(m, { kind: "tuple", items: popMark(m) }),
  TUPLE1: (m) => pushContainer(m, { kind: "tuple", items: popMany(m, 1) }),
  TUPLE2: (m) => pushContainer(m, { kind: "tuple", items: popMany(m, 2) }),
  TUPLE3: (m) => pushContainer(m, { kind: "tuple", items: popMany(m, 3) }),
  APPEND: (m) => withTop(m, popMany(m, 1), (top, items) => appendItems("list", top, items, m.at)),
  APPENDS: (m) => withTop(m, popMark(m), (top, items) => appendItems("list", top, items, m.at)),
  ADDITEMS: (m) => withTop(m, popMark(m), (top, items) => appendItems("set", top, items, m.at)),
  SETITEM: (m) => withTop(m, popMany(m, 2), (top, items) => setItems(top, items, m.at)),
  SETITEMS: (m) => withTop(m, popMark(m), (top, items) => setItems(top, items, m.at)),
  PUT: (m) => remember(m, readIndex(m)),
  BINPUT: (m) => remember(m, readUnsigned(m, 1)),
  LONG_BINPUT: (m) => remember(m, readUnsigned(m, 4)),
  MEMOIZE: (m) => remember(m, m.memo.size),
  GET: (m) => push(m, recall(m, readIndex(m))),
  BINGET: (m) => push(m, recall(m, readUnsigned(m, 1))),
  LONG_BINGET: (m) => push(m, recall(m, readUnsigned(m, 4))),
  GLOBAL: (m) => pushGlobal(m, readName(m), readName(m)),
  STACK_GLOBAL: (m) => {
    const [module, name] = popMany(m, 2);
    if (typeof module !== "string" || typeof name !== "string") {
      throw new PickleError("Operand", "expected two strings for STACK_GLOBAL, got other values", m.at);
    }
    pushGlobal(m, module, name);
  },
  REDUCE: (m) => {
    const [callable, args] = popMany(m, 2);
    pushContainer(m, reduce(m.context, callable as PickleValue, args as PickleValue, m.at));
  },
  INST: (m) => {
    const callable = { kind: "global", name: globalName(readName(m), readName(m)) } as const;
    pushContainer(m, reduce(m.context, callable, { kind: "tuple", items: popMark(m) }, m.at));
  },
  OBJ: (m) => {
    const [callable, ...args] = popMark(m);
    if (callable === undefined) throw underflow(m);
    pushContainer(m, reduce(m.context, callable, { kind: "tuple", items: args }, m.at));
  },
  NEWOBJ: (m) => {
    const [target, args] = popMany(m, 2);
    pushContainer(m, newObject(target as PickleValue, args as PickleValue, m.at));
  },
  NEWOBJ_EX: (m) => {
    const [target, args, keywords] = popMany(m, 3);
    if (isKind(args, "tuple")) spend(m.context.budget, args.items.length, m.at);
    pushContainer(m, newObject(target as PickleValue, args as PickleValue, m.at, keywords));
  },
  BUILD: (m) => withTop(m, popMany(m, 1), (top, items) => build(top, items[0] as PickleValue, m.at)),
  PERSID: (m) => push(m, persistent(m.context, readName(m), m.at)),
  BINPERSID: (m) => push(m, persistent(m.context, popMany(m, 1)[0] as PickleValue, m.at)),
  EXT1: (m) => refuseExtension(m, readUnsigned(m, 1)),
  EXT2: (m) => refuseExtension(m, readUnsigned(m, 2)),
  EXT4: (m) => refuseExtension(m, readUnsigned(m, 4)),
});

function table(named: Readonly<Record<string, (machine: Machine) => void>>) {
  const byOpcode = new Array<((machine: Machine) => void) | undefined>(256).fill(undefined);
  for (const [name, operation] of Object.entries(named)) byOpcode[opcodeOf(name)] = operation;
  return byOpcode;
}

function checkProtocol(machine: Machine, protocol: number): void {
  if (protocol <= 5) return;
  throw new PickleError("Unsupported", `expected PROTO 0 to 5, got PROTO ${protocol}`, machine.at);
}

function refuseExtension(machine: Machine, code: number): never {
  const name = opcodeName(machine.bytes[machine.at - machine.fileOffset] as number);
  const message = `expected globals by name, got ${name} ${code}, a code that only the program that wrote it can read,`;
  throw new PickleError("Unsupported", message, machine.at);
}

function checkFrame(machine: Machine, length: number): void {
  if (length <= machine.bytes.length - machine.position) return;
  throw new PickleError("Truncated", `expected a FRAME of ${length} bytes, got the end of the pickle`, machine.at);
}

function push(machine: Machine, value: PickleValue): void {
  if (machine.stack.length >= machine.context.limits.maxStack) {
    throw new PickleError(
      "Limit",
      `expected at most ${machine.context.limits.maxStack} values on the stack`,
      machine.at,
    );
  }
  machine.stack.push(value);
}

// Charged more than numbers and names: a container takes a hundred bytes and more where its opcode takes one.
const containerSteps = 3;

function pushContainer(machine: Machine, value: PickleValue): void {
  spend(machine.context.budget, containerSteps, machine.at);
  push(machine, value);
}

function dict(): PickleDict {
  return { kind: "dict", entries: new Map(), attributes: null };
}

function popMany(machine: Machine, count: number): PickleValue[] {
  const floor = machine.marks.at(-1) ?? 0;
  if (machine.stack.length - count < floor) throw underflow(machine);
  return machine.stack.splice(machine.stack.length - count);
}

function popMark(machine: Machine): PickleValue[] {
  const mark = machine.marks.pop();
  if (mark === undefined) throw new PickleError("Stack", "expected a mark, got none", machine.at);
  return machine.stack.splice(mark);
}

function withTop(machine: Machine, items: PickleValue[], act: (top: PickleValue, items: PickleValue[]) => void): void {
  act(top(machine), items);
}

function top(machine: Machine): PickleValue {
  if (machine.stack.length <= (machine.marks.at(-1) ?? 0)) throw underflow(machine);
  return machine.stack.at(-1) as PickleValue;
}

function underflow(machine: Machine): PickleError {
  const opcode = machine.bytes[machine.at - machine.fileOffset] as number;
  return new PickleError("Stack", `expected more values for ${opcodeName(opcode)}, got an empty stack`, machine.at);
}

function remember(machine: Machine, index: number): void {
  machine.memo.set(index, top(machine));
  if (machine.memo.size > machine.context.limits.maxMemo) {
    throw new PickleError("Limit", `expected at most ${machine.context.limits.maxMemo} values in the memo`, machine.at);
  }
}

function recall(machine: Machine, index: number): PickleValue {
  const value = machine.memo.get(index);
  if (value === undefined) throw new PickleError("Stack", `expected a value in memo ${index}, got none`, machine.at);
  return value;
}

function pushGlobal(machine: Machine, module: string, name: string): void {
  if (module.length + name.length > maxName) {
    throw new PickleError("Limit", `expected a global's name of at most ${maxName} characters, got more`, machine.at);
  }
  push(machine, { kind: "global", name: globalName(module, name) });
}

function readDouble(machine: Machine): number {
  const bytes = take(machine, 8);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, false);
}
