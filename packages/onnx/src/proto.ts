// ONNX's messages in the wire format of protocol buffers: what of onnx.proto our models need, as one table of field
// numbers. Large bytes are read only when their place in the file is known, so that a model lies in memory once.
// (onnx.proto of the ONNX specification, IR version 8)
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Bytes of known length that are read when they are written. */
export type LazyBytes = { readonly byteLength: number; read(): Promise<Uint8Array> };

/** TensorProto.DataType */
export const dataTypes = { float32: 1, int64: 7, bool: 9, float16: 10 } as const;
export type DataType = keyof typeof dataTypes;

/** AttributeProto.AttributeType */
export const attributeTypes = { float: 1, int: 2, ints: 7 } as const;

export type AttributeProto = {
  readonly name: string;
  readonly type: number;
  readonly f?: number;
  readonly i?: number;
  readonly ints?: readonly number[];
};
export type NodeProto = {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  readonly attribute: readonly AttributeProto[];
};
export type TensorProto = {
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly name: string;
  /** Little-endian, row-major. */
  readonly rawData: LazyBytes;
};
type DimensionProto = { readonly dimValue?: number; readonly dimParam?: string };
type TensorShapeProto = { readonly dim: readonly DimensionProto[] };
type TensorTypeProto = { readonly elemType: number; readonly shape: TensorShapeProto };
type TypeProto = { readonly tensorType: TensorTypeProto };
export type ValueInfoProto = { readonly name: string; readonly type: TypeProto };
export type GraphProto = {
  readonly node: readonly NodeProto[];
  readonly name: string;
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
};
type OperatorSetIdProto = { readonly domain: string; readonly version: number };
type StringStringEntryProto = { readonly key: string; readonly value: string };
export type ModelProto = {
  readonly irVersion: number;
  readonly producerName: string;
  readonly graph: GraphProto;
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly metadataProps: readonly StringStringEntryProto[];
};

type Messages = {
  readonly AttributeProto: AttributeProto;
  readonly NodeProto: NodeProto;
  readonly TensorProto: TensorProto;
  readonly DimensionProto: DimensionProto;
  readonly TensorShapeProto: TensorShapeProto;
  readonly TensorTypeProto: TensorTypeProto;
  readonly TypeProto: TypeProto;
  readonly ValueInfoProto: ValueInfoProto;
  readonly GraphProto: GraphProto;
  readonly OperatorSetIdProto: OperatorSetIdProto;
  readonly StringStringEntryProto: StringStringEntryProto;
  readonly ModelProto: ModelProto;
};
type MessageName = keyof Messages;
type Kind = "int64" | "float" | "string" | "bytes" | MessageName;
type Field = readonly [number: number, kind: Kind];

const schema: { readonly [M in MessageName]: { readonly [F in keyof Messages[M]]-?: Field } } = {
  AttributeProto: { name: [1, "string"], f: [2, "float"], i: [3, "int64"], ints: [8, "int64"], type: [20, "int64"] },
  NodeProto: {
    input: [1, "string"],
    output: [2, "string"],
    name: [3, "string"],
    opType: [4, "string"],
    attribute: [5, "AttributeProto"],
  },
  TensorProto: { dims: [1, "int64"], dataType: [2, "int64"], name: [8, "string"], rawData: [9, "bytes"] },
  DimensionProto: { dimValue: [1, "int64"], dimParam: [2, "string"] },
  TensorShapeProto: { dim: [1, "DimensionProto"] },
  TensorTypeProto: { elemType: [1, "int64"], shape: [2, "TensorShapeProto"] },
  TypeProto: { tensorType: [1, "TensorTypeProto"] },
  ValueInfoProto: { name: [1, "string"], type: [2, "TypeProto"] },
  GraphProto: {
    node: [1, "NodeProto"],
    name: [2, "string"],
    initializer: [5, "TensorProto"],
    input: [11, "ValueInfoProto"],
    output: [12, "ValueInfoProto"],
  },
  OperatorSetIdProto: { domain: [1, "string"], version: [2, "int64"] },
  StringStringEntryProto: { key: [1, "string"], value: [2, "string"] },
  ModelProto: {
    irVersion: [1, "int64"],
    producerName: [2, "string"],
    graph: [7, "GraphProto"],
    opsetImport: [8, "OperatorSetIdProto"],
    metadataProps: [14, "StringStringEntryProto"],
  },
};

/** What a message of protocol buffers may measure, and so an ONNX file that holds its weights. */
const LIMIT = 2 ** 31 - 1;

/**
 * The bytes of a file; its tensors are read one after another, straight into their places.
 *
 * @param caller name in front of the message
 * @throws if the file would be larger than protocol buffers can be, before anything is read
 */
export async function modelBytes(model: ModelProto, caller: string): Promise<Uint8Array> {
  const pieces = encode("ModelProto", model);
  const length = lengthOf(pieces);
  if (length > LIMIT) {
    throw new RangeError(
      `[${caller}] expected a file of at most ${LIMIT} bytes, the limit of protocol buffers, got ${length}`,
    );
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece instanceof Uint8Array ? piece : await piece.read(), offset);
    offset += piece.byteLength;
  }
  return bytes;
}

type Piece = Uint8Array | LazyBytes;

function encode<M extends MessageName>(name: M, message: Messages[M]): Piece[] {
  const pieces: Piece[] = [];
  const writer = new BinaryWriter();
  for (const [key, [number, kind]] of Object.entries<Field>(schema[name])) {
    const value: unknown = message[key as keyof Messages[M]];
    if (value === undefined) continue;
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (kind === "int64") writer.tag(number, WireType.Varint).int64(item as number);
      else if (kind === "float") writer.tag(number, WireType.Bit32).float(item as number);
      else if (kind === "string") writer.tag(number, WireType.LengthDelimited).string(item as string);
      else {
        const inner = kind === "bytes" ? [item as LazyBytes] : encode(kind, item as Messages[typeof kind]);
        writer.tag(number, WireType.LengthDelimited).uint64(lengthOf(inner));
        pieces.push(writer.finish(), ...inner);
      }
    }
  }
  return [...pieces, writer.finish()];
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((length, { byteLength }) => length + byteLength, 0);
}
