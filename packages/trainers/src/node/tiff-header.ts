// What a TIFF says of its bands, read from its first directory: the decoder reads bands of grey files that lie one after another at the
// wrong places (libvips 8.18), and gives those of 8 bits as one. Called colors, they are read as they are.

/** The part of a TIFF's header that decides how its bands are read. */
export type TiffHeader = {
  /** 0: white is 0, 1: black is 0, 2: RGB, and others. */
  readonly photometric: number;
  /** Bands one after another instead of pixel by pixel. */
  readonly isPlanar: boolean;
  /** Where in the file the photometric value of 16 bits lies. */
  readonly photometricAt: number;
  readonly littleEndian: boolean;
};

const RGB = 2;

/**
 * The first directory's header; undefined where there is none, which the decoder says better.
 * Classic TIFF has entries of 12 bytes, BigTIFF of 20.
 */
export function readTiffHeader(bytes: Uint8Array): TiffHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = bytes[0] === 0x49;
  try {
    const isBig = view.getUint16(2, littleEndian) === 43;
    const at = isBig ? Number(view.getBigUint64(8, littleEndian)) : view.getUint32(4, littleEndian);
    const count = isBig ? Number(view.getBigUint64(at, littleEndian)) : view.getUint16(at, littleEndian);
    const [start, size, valueAt] = isBig ? [at + 8, 20, 12] : [at + 2, 12, 8];
    const places = new Map<number, number>();
    for (let i = 0; i < Math.min(count, 1000); i++) {
      const entry = start + i * size;
      places.set(view.getUint16(entry, littleEndian), entry + valueAt);
    }
    const valueOf = (tag: number): number | undefined => {
      const place = places.get(tag);
      return place === undefined ? undefined : view.getUint16(place, littleEndian);
    };
    const photometricAt = places.get(262);
    if (photometricAt === undefined) return undefined;
    return {
      ...{ photometricAt, littleEndian },
      photometric: valueOf(262) as number,
      isPlanar: valueOf(284) === 2,
    };
  } catch {
    return undefined;
  }
}

/** A copy of the file that calls its first three bands colors; the bytes of pixels are the same. */
export function calledColors(bytes: Uint8Array, { photometricAt, littleEndian }: TiffHeader): Uint8Array {
  const copy = new Uint8Array(bytes); // a Buffer's slice would be the file itself
  new DataView(copy.buffer).setUint16(photometricAt, RGB, littleEndian);
  return copy;
}
