// JPEG files that every decoder reads, with a warning: scans of a sequential file that name another band than all 64 coefficients
// (phones of Samsung write Se = 0), and stray bytes between segments of the header. Here the warning stops an image, as it is the
// only sign of damage; so what is known to be harmless is put right before. (ITU-T T.81, annex B)

const [SOS, EOI] = [0xda, 0xd9];
/** Frames whose scans hold all coefficients: baseline, extended, and extended with arithmetic coding. */
const sequentialFrames = new Set([0xc0, 0xc1, 0xc9]);

/** The same image without what decoders warn of, or the same bytes where there is nothing to repair. */
export function repairJpeg(bytes: Uint8Array): Uint8Array {
  const header = readHeader(bytes);
  if (!header) return bytes;
  const wrong = header.sequential ? wrongScans(bytes, header.scan) : [];
  if (wrong.length === 0 && header.parts.length === 1) return bytes;
  const repaired = Buffer.from(bytes);
  for (const at of wrong) repaired.set([0, 63, 0], at);
  return Buffer.concat(header.parts.map(([from, to]) => repaired.subarray(from, to)));
}

type Header = {
  /** Ranges of the file without the stray bytes. */
  readonly parts: readonly (readonly [number, number])[];
  readonly sequential: boolean;
  /** Where the first scan's segment begins. */
  readonly scan: number;
};

// As libjpeg's next_marker: bytes before a marker are skipped, fill bytes (0xFF) belong to it.
function readHeader(bytes: Uint8Array): Header | undefined {
  const parts: [number, number][] = [[0, bytes.length]];
  let sequential = false;
  for (let at = 2; ;) {
    const marker = nextMarker(bytes, at);
    if (marker === undefined) return undefined;
    if (marker > at) {
      parts[parts.length - 1][1] = at;
      parts.push([marker, bytes.length]);
    }
    const code = codeAt(bytes, marker);
    if (code === undefined || code === EOI) return undefined;
    if (code === SOS) return { parts, sequential, scan: marker };
    sequential ||= sequentialFrames.has(code);
    at = endOfSegment(bytes, marker);
  }
}

/** Places of the three bytes that name the band, in scans that name another than 0 to 63. */
function wrongScans(bytes: Uint8Array, first: number): readonly number[] {
  const wrong: number[] = [];
  for (let marker: number | undefined = first; marker !== undefined;) {
    const end = endOfSegment(bytes, marker);
    const code = codeAt(bytes, marker);
    if (code === SOS) {
      if (!isScan(bytes, marker)) return []; // cut, or no header of a scan
      const [start, last, shift] = bytes.subarray(end - 3, end);
      if (start !== 0 || last !== 63 || shift !== 0) wrong.push(end - 3);
      else if (marker === first) return []; // a writer is right or wrong in all scans
    }
    marker = code === EOI ? undefined : markerAfterData(bytes, end);
  }
  return wrong;
}

// Its length follows from the number of components.
function isScan(bytes: Uint8Array, marker: number): boolean {
  const [start, end] = [lastFill(bytes, marker) + 2, endOfSegment(bytes, marker)];
  return end <= bytes.length && end - start === 6 + 2 * bytes[start + 2];
}

// In coded data 0xFF is followed by 0, or by a restart marker.
function markerAfterData(bytes: Uint8Array, from: number): number | undefined {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1];
    if (next === undefined) return undefined;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return undefined;
}

function nextMarker(bytes: Uint8Array, from: number): number | undefined {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, lastFill(bytes, at) + 1)) {
    const code = codeAt(bytes, at);
    if (code === undefined) return undefined;
    if (code !== 0) return at;
  }
  return undefined;
}

function lastFill(bytes: Uint8Array, marker: number): number {
  let at = marker;
  while (bytes[at + 1] === 0xff) at++;
  return at;
}

function codeAt(bytes: Uint8Array, marker: number): number | undefined {
  return bytes[lastFill(bytes, marker) + 1];
}

function endOfSegment(bytes: Uint8Array, marker: number): number {
  const length = lastFill(bytes, marker) + 2;
  return length + (bytes[length] ?? 0) * 256 + (bytes[length + 1] ?? 0);
}
