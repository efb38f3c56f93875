// The event encoder against known checksums, a small decoder of TFRecord and protobuf, and records made by TensorBoard's own code.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { crc32c, createEventWriter, maskedCrc32c } from "./tensorboard.ts";

const ascii = (text: string) => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("crc32c", () => {
  // RFC 3720 B.4, and the usual check value of "123456789".
  it.each([
    ["nothing", new Uint8Array(0), 0],
    ["123456789", ascii("123456789"), 0xe3069283],
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["0 to 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ["31 to 0", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  ])("of %s", (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it("is masked by a rotation of 15 bits and a constant", () => {
    const rotated = ((0xe3069283 >>> 15) | (0xe3069283 << 17)) >>> 0;
    expect(maskedCrc32c(ascii("123456789"))).toBe((rotated + 0xa282ead8) % 2 ** 32);
  });
});

/** One field of a message: a number for fixed and varint fields, bytes for counted ones. */
type Field = readonly [field: number, value: number | Uint8Array];

function decodeMessage(bytes: Uint8Array): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      value += (bytes[at] & 127) * scale;
      if (bytes[at++] < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, wire] = [key >> 3, key & 7];
    if (wire === 0) fields.push([field, varint()]);
    else if (wire === 1) fields.push([field, view.getFloat64((at += 8) - 8, true)]);
    else if (wire === 5) fields.push([field, view.getFloat32((at += 4) - 4, true)]);
    else {
      const length = varint();
      fields.push([field, bytes.subarray(at, (at += length))]);
    }
  }
  expect(at).toBe(bytes.length);
  return fields;
}

/** The message of a record whose length and both checksums hold. */
function unframe(record: Uint8Array): Uint8Array {
  const view = new DataView(record.buffer, record.byteOffset, record.length);
  const length = Number(view.getBigUint64(0, true));
  expect(record.length).toBe(length + 16);
  const message = record.subarray(12, 12 + length);
  expect(view.getUint32(8, true)).toBe(maskedCrc32c(record.subarray(0, 8)));
  expect(view.getUint32(12 + length, true)).toBe(maskedCrc32c(message));
  return message;
}

function decodeScalars(record: Uint8Array) {
  const event = new Map(decodeMessage(unframe(record)));
  const values = decodeMessage(event.get(5) as Uint8Array).map(([field, value]) => {
    expect(field).toBe(1);
    const entry = new Map(decodeMessage(value as Uint8Array));
    return [new TextDecoder().decode(entry.get(1) as Uint8Array), entry.get(2)] as const;
  });
  return { wallTime: event.get(1), step: event.get(2), values };
}

describe("createEventWriter", () => {
  const events = createEventWriter();

  it("writes the bytes that TensorBoard 2.21 writes", () => {
    expect(hex(events.fileVersion(1700000000.25))).toBe(
      "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9",
    );
    expect(hex(events.scalars(300, 1700000000.5, { loss: 2.5, "a/ü": -1 }))).toBe(
      "2800000000000000ff70164a0900002040fc54d94110ac022a1a0a0b0a046c6f737315000020400a0b0a04612fc3bc15000080bf225de0ad",
    );
  });

  it("keeps any step, time, tag and value", () => {
    const values = fc.dictionary(fc.string({ unit: "grapheme", maxLength: 200 }), fc.float(), { maxKeys: 10 });
    const time = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.maxSafeNat(), time, values, (step, wallTime, scalars) => {
        const decoded = decodeScalars(events.scalars(step, wallTime, scalars));
        expect(decoded).toEqual({ step, wallTime, values: Object.entries(scalars) });
      }),
      { seed: 3 },
    );
  });

  it("rounds values to 32 bits and keeps NaN", () => {
    const { values } = decodeScalars(events.scalars(0, 0, { loss: NaN, rate: 0.1, large: 1e300 }));
    expect(values).toEqual([
      ["loss", NaN],
      ["rate", Math.fround(0.1)],
      ["large", Infinity],
    ]);
  });

  it("refuses a step or a time that no event can carry", () => {
    expect(() => events.scalars(-1, 0, {})).toThrow("[scalars] expected step to be a non-negative integer, got -1");
    expect(() => events.scalars(1.5, 0, {})).toThrow("got 1.5");
    expect(() => events.scalars(1, NaN, {})).toThrow("[scalars] expected a finite wallTime in seconds, got NaN");
    expect(() => events.fileVersion(Infinity)).toThrow("[fileVersion] expected a finite wallTime");
  });
});
