// The tree of a PyTorch checkpoint in a few lines: what lies at the top (epoch, args, model ...), tensors counted.
import { isKind, type PickleDict, type PickleObject, type PickleValue } from "@beitjs/tensor-core/pickle";

/** JSON: values that are short as they are, everything else in words. */
export type TreeFacts = string | number | boolean | null | { readonly [key: string]: TreeFacts };

const mostFields = 100;
const mostCharacters = 200;

/** The top of a tree; settings (a Namespace or a dict of plain values) are shown with their fields. */
export function treeFacts(root: PickleValue): TreeFacts {
  if (isKind(root, "dict")) return isWeights(root) ? inWords(root) : fieldsOf(root, summaryOf);
  return summaryOf(root);
}

function summaryOf(value: PickleValue): TreeFacts {
  if (isKind(value, "object") && isKind(value.state, "dict")) {
    // Arguments are settings whatever is among them.
    if (value.className === "argparse.Namespace" || isSettings(value.state)) return fieldsOf(value.state, scalarOf);
  }
  if (isKind(value, "dict") && value.entries.size > 0 && isSettings(value)) return fieldsOf(value, scalarOf);
  return scalarOf(value);
}

function scalarOf(value: PickleValue): TreeFacts {
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "bigint") return shortened(String(value));
  if (typeof value === "string") return shortened(value);
  if ((isKind(value, "list") || isKind(value, "tuple")) && value.items.length <= 8 && value.items.every(isPlain)) {
    return shortened(JSON.stringify(value.items.map(scalarOf)));
  }
  return inWords(value);
}

function inWords(value: PickleValue): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (isKind(value, "tensor")) return `tensor ${value.dtype} [${value.shape.join(", ")}]`;
  if (isKind(value, "dict")) return dictInWords(value);
  if (isKind(value, "list") || isKind(value, "tuple") || isKind(value, "set")) {
    return `${value.kind} of ${value.items.length}`;
  }
  if (isKind(value, "object")) return recordInWords(value);
  if (isKind(value, "global")) return value.name;
  return isKind(value, "storage") ? `storage ${value.dtype} of ${value.length}` : String(value);
}

/** A record with its arguments, where they say it all: a path, a date, a complex number. */
function recordInWords({ className, args, state, entries, items }: PickleObject): string {
  const told = state === null && !entries && !items && args.length > 0 && args.length <= 8 && args.every(isPlain);
  if (!told) return shortened(`object ${className}`);
  return shortened(`${className}(${args.map((one) => JSON.stringify(scalarOf(one))).join(", ")})`);
}

function dictInWords({ entries }: PickleDict): string {
  const tensors = [...entries.values()].filter((one) => isKind(one, "tensor")).length;
  if (tensors === entries.size && tensors > 0) return `${tensors} tensors`;
  return `dict of ${entries.size}${tensors > 0 ? `, ${tensors} of them tensors` : ""}`;
}

function fieldsOf({ entries }: PickleDict, show: (value: PickleValue) => TreeFacts): TreeFacts {
  const shown = [...entries].slice(0, mostFields).map(([key, value]) => [shortened(keyOf(key)), show(value)] as const);
  const more = entries.size - shown.length;
  return Object.fromEntries([...shown, ...(more > 0 ? [["…", `${more} more`] as const] : [])]);
}

// A state dict: its tensors are listed elsewhere.
function isWeights({ entries }: PickleDict): boolean {
  return [...entries.values()].some((value) => isKind(value, "tensor"));
}

function isSettings({ entries }: PickleDict): boolean {
  return [...entries].every(([key, value]) => typeof key === "string" && !isKind(value, "tensor") && isShallow(value));
}

function isShallow(value: PickleValue): boolean {
  if (isPlain(value) || isKind(value, "object") || isKind(value, "global") || value instanceof Uint8Array) return true;
  return (isKind(value, "list") || isKind(value, "tuple")) && value.items.every(isPlain);
}

function isPlain(value: PickleValue): boolean {
  return value === null || (typeof value !== "object" && typeof value !== "undefined");
}

function keyOf(key: PickleValue): string {
  return typeof key === "string" ? key : String(scalarOf(key));
}

function shortened(text: string): string {
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : text;
}
