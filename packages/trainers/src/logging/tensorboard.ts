// TensorBoard event files, encoded without TensorFlow: TFRecord framing (tensorflow: lib/io/record_writer.cc) around
// Event and Summary messages (tensorflow: util/event.proto, framework/summary.proto). Bytes only: the caller owns the file.

export interface EventWriter {
  /** The first record of a file, which names the format's version. `wallTime` in seconds since 1970. */
  fileVersion(wallTime: number): Uint8Array<ArrayBuffer>;
  /**
   * One record with any number of scalars. Values are stored as 32-bit floats; NaN and infinities are kept.
   * @throws RangeError where `step` is not a non-negative integer or `wallTime` is not finite
   */
  scalars(step: number, wallTime: number, values: Readonly<Record<string, number>>): Uint8Array<ArrayBuffer>;
}

/**
 * Makes the records of an event file; append them in order to a file named `events.out.tfevents.<anything>`.
 *
 * ```ts
 * const events = createEventWriter();
 * append(events.fileVersion(now));
 * append(events.scalars(100, now, { "train/loss": 2.5 }));
 * ```
 */
export function createEventWriter(): EventWriter {
  return {
    fileVersion(wallTime) {
      checkTime("fileVersion", wallTime);
      return frame([...doubleField(1, wallTime), ...bytesField(3, utf8("brain.Event:2"))]);
    },
    scalars(step, wallTime, values) {
      checkTime("scalars", wallTime);
      if (!Number.isSafeInteger(step) || step < 0) {
        throw new RangeError(`[scalars] expected step to be a non-negative integer, got ${step}`);
      }
      const summary = Object.entries(values).flatMap(([tag, value]) =>
        bytesField(1, [...bytesField(1, utf8(tag)), ...floatField(2, value)]),
      );
      return frame([...doubleField(1, wallTime), ...varintField(2, step), ...bytesField(5, summary)]);
    },
  };
}

/** CRC-32C (Castagnoli), as in RFC 3720 B.4. */
export function crc32c(bytes: ArrayLike<number>): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** The form in which TFRecord stores a checksum: rotated and shifted, so that a checksum of checksums stays sound. */
export function maskedCrc32c(bytes: ArrayLike<number>): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

// The reflected polynomial of CRC-32C, one entry for each byte.
const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

// A TFRecord: length (64 bits), its checksum, the message, its checksum; all little-endian.
function frame(message: ReadonlyArray<number>): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(16 + message.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, message.length, true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(message, 12);
  view.setUint32(12 + message.length, maskedCrc32c(message), true);
  return record;
}

// Protocol buffers: a field is its number and wire type (0 varint, 1 64-bit, 2 counted bytes, 5 32-bit), then its value.
function varintField(field: number, value: number): number[] {
  return [(field << 3) | 0, ...varint(value)];
}

function doubleField(field: number, value: number): number[] {
  return [(field << 3) | 1, ...new Uint8Array(Float64Array.of(value).buffer)];
}

function bytesField(field: number, bytes: ReadonlyArray<number>): number[] {
  return [(field << 3) | 2, ...varint(bytes.length), ...bytes];
}

function floatField(field: number, value: number): number[] {
  return [(field << 3) | 5, ...new Uint8Array(Float32Array.of(value).buffer)];
}

// Seven bits a byte, the lowest first; divided rather than shifted, because a step may need 53 bits.
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

function utf8(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

function checkTime(name: string, wallTime: number): void {
  if (!Number.isFinite(wallTime))
    throw new RangeError(`[${name}] expected a finite wallTime in seconds, got ${wallTime}`);
}
