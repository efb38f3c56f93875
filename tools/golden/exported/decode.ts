// Reads a file of ONNX, as much as ours have. Written from onnx.proto and the wire format alone, so that it shares nothing
// with what wrote the file.

export type DecodedTensor = {
  readonly name: string;
  readonly dataType: number;
  readonly dims: readonly number[];
  readonly raw: Uint8Array;
};
export type DecodedNode = {
  readonly name: string;
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, number | readonly number[]>>;
};
export type DecodedValue = {
  readonly name: string;
  readonly dataType: number;
  readonly shape: readonly (number | string)[];
};
export type DecodedModel = {
  readonly irVersion: number;
  readonly producer: string;
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly nodes: readonly DecodedNode[];
  readonly initializers: readonly DecodedTensor[];
  readonly inputs: readonly DecodedValue[];
  readonly outputs: readonly DecodedValue[];
};

/** What a field may hold: a varint, or bytes (of a string, a message, or a float). */
type Fields = ReadonlyMap<number, readonly (number | Uint8Array)[]>;

export function decodeModel(bytes: Uint8Array): DecodedModel {
  const model = fieldsOf(bytes);
  const graph = fieldsOf(bytesAt(model, 7));
  return {
    irVersion: numberAt(model, 1),
    producer: textAt(model, 2),
    opsets: messagesAt(model, 8).map((opset) => ({ domain: textAt(opset, 1), version: numberAt(opset, 2) })),
    metadata: Object.fromEntries(messagesAt(model, 14).map((entry) => [textAt(entry, 1), textAt(entry, 2)])),
    nodes: messagesAt(graph, 1).map(decodeNode),
    initializers: messagesAt(graph, 5).map(decodeTensor),
    inputs: messagesAt(graph, 11).map(decodeValue),
    outputs: messagesAt(graph, 12).map(decodeValue),
  };
}

function decodeNode(node: Fields): DecodedNode {
  return {
    inputs: all(node, 1).map(text),
    outputs: all(node, 2).map(text),
    name: textAt(node, 3),
    opType: textAt(node, 4),
    attributes: Object.fromEntries(messagesAt(node, 5).map((entry) => [textAt(entry, 1), attributeValue(entry)])),
  };
}

function attributeValue(attribute: Fields): number | readonly number[] {
  const type = numberAt(attribute, 20);
  if (type === 1) return floatOf(bytesAt(attribute, 2));
  if (type === 2) return numberAt(attribute, 3);
  if (type === 7) return all(attribute, 8).map(Number);
  throw new Error(`[decodeModel] expected attributes of type 1, 2 or 7, got ${type}`);
}

function decodeTensor(tensor: Fields): DecodedTensor {
  return {
    dims: all(tensor, 1).map(Number),
    dataType: numberAt(tensor, 2),
    name: textAt(tensor, 8),
    raw: bytesAt(tensor, 9),
  };
}

function decodeValue(value: Fields): DecodedValue {
  const type = fieldsOf(bytesAt(fieldsOf(bytesAt(value, 2)), 1));
  const dimensions = messagesAt(fieldsOf(bytesAt(type, 2)), 1);
  const shape = dimensions.map((dim) => (dim.has(1) ? numberAt(dim, 1) : textAt(dim, 2)));
  return { name: textAt(value, 1), dataType: numberAt(type, 1), shape };
}

function fieldsOf(bytes: Uint8Array): Fields {
  const fields = new Map<number, (number | Uint8Array)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError(`[decodeModel] expected ${length} bytes at ${at}, got fewer`);
    return bytes.subarray(at, (at += length));
  };
  while (at < bytes.length) {
    const tag = varint();
    const [number, wire] = [Math.floor(tag / 8), tag % 8];
    const value = wire === 0 ? varint() : wire === 2 ? take(varint()) : wire === 5 ? take(4) : undefined;
    if (value === undefined) throw new Error(`[decodeModel] expected wire type 0, 2 or 5, got ${wire}`);
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

function all(fields: Fields, number: number): readonly (number | Uint8Array)[] {
  return fields.get(number) ?? [];
}

function bytesAt(fields: Fields, number: number): Uint8Array {
  const [value] = all(fields, number);
  if (!(value instanceof Uint8Array)) throw new Error(`[decodeModel] expected bytes in field ${number}, got ${value}`);
  return value;
}

function numberAt(fields: Fields, number: number): number {
  const [value] = all(fields, number);
  if (typeof value !== "number") throw new Error(`[decodeModel] expected a number in field ${number}, got ${value}`);
  return value;
}

function textAt(fields: Fields, number: number): string {
  return text(bytesAt(fields, number));
}

function text(value: number | Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(value as Uint8Array);
}

function messagesAt(fields: Fields, number: number): Fields[] {
  return all(fields, number).map((message) => fieldsOf(message as Uint8Array));
}

function floatOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);
}
