// Reads a wasm binary as far as its exports need it: section after section, then functions with their types and the names that
// the compiler noted. Node cannot be asked instead: without a flag, Node 20 compiles no relaxed SIMD.

/** An exported function. `source` is where the compiler found it, such as `assembly/relu/reluForward`. */
export type WasmFunction = {
  readonly name: string;
  readonly parameters: number;
  readonly returns: boolean;
  readonly source: string | undefined;
};

type Section = { readonly id: number; readonly start: number; readonly end: number };

const sections = { custom: 0, type: 1, import: 2, function: 3, export: 7, data: 11 } as const;
const kinds = { function: 0, table: 1, memory: 2, global: 3 } as const;
const FUNCTION_TYPE = 0x60;
const FUNCTION_NAMES = 1;
// Of i32, f32 and f64: what JavaScript has as a number. An i64 would have to be a bigint.
const numberTypes: ReadonlySet<number> = new Set([0x7f, 0x7d, 0x7c]);

/** Whether a wasm binary has a data section. Kernels must not: it would be written into memory that others share. */
export function hasStaticData(bytes: Uint8Array): boolean {
  return sectionsOf(bytes).some(({ id }) => id === sections.data);
}

/** The binary without what only tools read. */
export function withoutCustomSections(bytes: Uint8Array): Uint8Array {
  const kept = sectionsOf(bytes, { whole: true }).filter(({ id }) => id !== sections.custom);
  return Buffer.concat([bytes.subarray(0, 8), ...kept.map(({ start, end }) => bytes.subarray(start, end))]);
}

/** The functions that a binary exports, in its order. Throws if one takes or gives what is not a number. */
export function exportedFunctions(bytes: Uint8Array): WasmFunction[] {
  const types = readTypes(bytes);
  const imported = countImportedFunctions(bytes);
  const typeOf = [
    ...new Array<number>(imported).fill(-1),
    ...readVector(bytes, sections.function, (at) => at.number()),
  ];
  const names = readFunctionNames(bytes);
  const entries = readVector(bytes, sections.export, (at) => ({
    name: at.text(),
    kind: at.byte(),
    index: at.number(),
  }));
  return entries
    .filter(({ kind }) => kind === kinds.function)
    .map(({ name, index }) => {
      const type = types[typeOf[index]];
      const [parameters, results] = [type?.parameters ?? [], type?.results ?? []];
      if (
        type === undefined ||
        ![...parameters, ...results].every((each) => numberTypes.has(each)) ||
        results.length > 1
      )
        throw new Error(
          `[exportedFunctions] expected ${name} to take numbers and to give at most one, got other types`,
        );
      return { name, parameters: parameters.length, returns: results.length === 1, source: names.get(index) };
    });
}

function readTypes(bytes: Uint8Array): { readonly parameters: number[]; readonly results: number[] }[] {
  return readVector(bytes, sections.type, (at) => {
    if (at.byte() !== FUNCTION_TYPE) throw new Error("[exportedFunctions] expected types of functions only");
    return { parameters: at.vector(() => at.byte()), results: at.vector(() => at.byte()) };
  });
}

function countImportedFunctions(bytes: Uint8Array): number {
  const found = readVector(bytes, sections.import, (at) => {
    at.text();
    at.text();
    const kind = at.byte();
    if (kind === kinds.function) at.number();
    else if (kind === kinds.global) at.skip(2);
    else {
      if (kind === kinds.table) at.skip(1);
      at.limits();
    }
    return kind;
  });
  return found.filter((kind) => kind === kinds.function).length;
}

function readFunctionNames(bytes: Uint8Array): Map<number, string> {
  for (const { id, start, end } of sectionsOf(bytes)) {
    const at = reader(bytes, start);
    if (id !== sections.custom || at.text() !== "name") continue;
    while (at.position() < end) {
      const part = at.byte();
      const length = at.number();
      if (part === FUNCTION_NAMES) return new Map(at.vector(() => [at.number(), at.text()] as const));
      at.skip(length);
    }
  }
  return new Map();
}

function readVector<Item>(bytes: Uint8Array, wanted: number, item: (at: Reader) => Item): Item[] {
  const section = sectionsOf(bytes).find(({ id }) => id === wanted);
  if (!section) return [];
  const at = reader(bytes, section.start);
  return at.vector(() => item(at));
}

/** Where the sections' contents lie; `whole`: with their ids and lengths. */
function sectionsOf(bytes: Uint8Array, { whole = false } = {}): Section[] {
  const found: Section[] = [];
  const at = reader(bytes, 8);
  while (at.position() < bytes.length) {
    const begin = at.position();
    const id = at.byte();
    const length = at.number();
    const start = at.position();
    at.skip(length);
    found.push({ id, start: whole ? begin : start, end: start + length });
  }
  return found;
}

type Reader = ReturnType<typeof reader>;

function reader(bytes: Uint8Array, start: number) {
  let next = start;
  const byte = (): number => bytes[next++];
  // LEB128: seven bits a byte, the lowest first.
  const number = (): number => {
    let value = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      const part = byte();
      value |= (part & 127) << shift;
      more = part > 127;
    }
    return value >>> 0;
  };
  const skip = (length: number): void => void (next += length);
  return {
    byte,
    number,
    skip,
    position: () => next,
    text(): string {
      const length = number();
      skip(length);
      return new TextDecoder().decode(bytes.subarray(next - length, next));
    },
    vector: <Item>(item: () => Item): Item[] => Array.from({ length: number() }, item),
    limits(): void {
      const hasMaximum = (byte() & 1) === 1;
      number();
      if (hasMaximum) number();
    },
  };
}
