// The pickle virtual machine (Python: Lib/pickletools.py) cut down to the opcodes that torch.save writes. Opcodes that can
// only serve other ends (INST, OBJ, EXT1, NEWOBJ_EX, PERSID, ...) are not there, and an opcode that is not there is refused.
import { build, newObject, persistent, reduce } from "./construct.ts";
import type { ConstructContext } from "./construct.ts";
import { PickleError } from "./error.ts";
import { allowedGlobal } from "./globals.ts";
import { appendItems, setItems } from "./items.ts";
import { spend } from "./limits.ts";
import type { PickleLimits } from "./limits.ts";
import { opcodeName, opcodeOf } from "./opcodes.ts";
import { readBinary, readLine, readLong, readText, readUnsigned, take } from "./operands.ts";
import type { Cursor } from "./operands.ts";
import type { PickleValue } from "./value.ts";

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
      throw new PickleError(
        "Opcode",
        `expected an opcode that torch.save writes, got ${opcodeName(opcode)}`,
        machine.at,
      );
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
  NONE: (m) => push(m, null),
  NEWTRUE: (m) => push(m, true),
  NEWFALSE: (m) => push(m, false),
  BININT: (m) => push(m, readUnsigned(m, 4) | 0),
  BININT1: (m) => push(m, readUnsigned(m, 1)),
  BININT2: (m) => push(m, readUnsigned(m, 2)),
  LONG1: (m) => push(m, readLong(m, readUnsigned(m, 1))),
  BINFLOAT: (m) => push(m, readDouble(m)),
  BINUNICODE: (m) => push(m, readText(m, readUnsigned(m, 4))),
  SHORT_BINUNICODE: (m) => push(m, readText(m, readUnsigned(m, 1))),
  BINSTRING: (m) => push(m, readBinary(m, readUnsigned(m, 4))),
  SHORT_BINSTRING: (m) => push(m, readBinary(m, readUnsigned(m, 1))),
  BINBYTES: (m) => push(m, take(m, readUnsigned(m, 4)).slice()),
  SHORT_BINBYTES: (m) => push(m, take(m, readUnsigned(m, 1)).slice()),
  EMPTY_DICT: (m) => push(m, { kind: "dict", entries: new Map(), attributes: null }),
  EMPTY_LIST: (m) => push(m, { kind: "list", items: [] }),
  EMPTY_SET: (m) => push(m, { kind: "set", items: [] }),
  EMPTY_TUPLE: (m) => push(m, { kind: "tuple", items: [] }),
  TUPLE: (m) => push(m, { kind: "tuple", items: popMark(m) }),
  TUPLE1: (m) => push(m, { kind: "tuple", items: popMany(m, 1) }),
  TUPLE2: (m) => push(m, { kind: "tuple", items: popMany(m, 2) }),
  TUPLE3: (m) => push(m, { kind: "tuple", items: popMany(m, 3) }),
  APPEND: (m) => withTop(m, popMany(m, 1), (top, items) => appendItems("list", top, items, m.at)),
  APPENDS: (m) => withTop(m, popMark(m), (top, items) => appendItems("list", top, items, m.at)),
  ADDITEMS: (m) => withTop(m, popMark(m), (top, items) => appendItems("set", top, items, m.at)),
  SETITEM: (m) => withTop(m, popMany(m, 2), (top, items) => setItems(top, items, m.at)),
  SETITEMS: (m) => withTop(m, popMark(m), (top, items) => setItems(top, items, m.at)),
  BINPUT: (m) => remember(m, readUnsigned(m, 1)),
  LONG_BINPUT: (m) => remember(m, readUnsigned(m, 4)),
  MEMOIZE: (m) => remember(m, m.memo.size),
  BINGET: (m) => push(m, recall(m, readUnsigned(m, 1))),
  LONG_BINGET: (m) => push(m, recall(m, readUnsigned(m, 4))),
  GLOBAL: (m) => pushGlobal(m, readLine(m), readLine(m)),
  STACK_GLOBAL: (m) => {
    const [module, name] = popMany(m, 2);
    if (typeof module !== "string" || typeof name !== "string") {
      throw new PickleError("Operand", "expected two strings for STACK_GLOBAL, got other values", m.at);
    }
    pushGlobal(m, module, name);
  },
  REDUCE: (m) => {
    const [callable, args] = popMany(m, 2);
    push(m, reduce(m.context, callable as PickleValue, args as PickleValue, m.at));
  },
  NEWOBJ: (m) => {
    const [target, args] = popMany(m, 2);
    push(m, newObject(target as PickleValue, args as PickleValue, m.at));
  },
  BUILD: (m) => withTop(m, popMany(m, 1), (top, items) => build(top, items[0] as PickleValue, m.at)),
  BINPERSID: (m) => push(m, persistent(m.context, popMany(m, 1)[0] as PickleValue, m.at)),
});

function table(named: Readonly<Record<string, (machine: Machine) => void>>) {
  const byOpcode = new Array<((machine: Machine) => void) | undefined>(256).fill(undefined);
  for (const [name, operation] of Object.entries(named)) byOpcode[opcodeOf(name)] = operation;
  return byOpcode;
}

function checkProtocol(machine: Machine, protocol: number): void {
  if (protocol >= 2 && protocol <= 4) return;
  throw new PickleError("Opcode", `expected PROTO 2 to 4, got PROTO ${protocol}`, machine.at);
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
  const allowed = allowedGlobal(module, name);
  if (allowed === undefined) {
    const got = JSON.stringify(`${module}.${name}`.slice(0, 200)).slice(1, -1);
    throw new PickleError("Global", `expected a global on the list, got ${got}`, machine.at);
  }
  push(machine, { kind: "global", name: allowed });
}

function readDouble(machine: Machine): number {
  const bytes = take(machine, 8);
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, false);
}
