// Which random stream each mask of a batch is drawn from, as the words that WebAssembly reads.
import type { RngAddress } from "@beitjs/tensor-core/random";

/**
 * Random streams of a batch, as for `createRng`: one address a mask; or the address of the first, and how many masks
 * follow each other by index.
 */
export type BatchAddress = readonly RngAddress[] | (RngAddress & { readonly masks: number });

/** Words of an address: the seed's low and high one, stream, epoch, index. */
export const addressWords = 5;

/** Table [masks, 5] of the addresses. Throws a RangeError for one out of range, or no mask at all. */
export function addressTable(caller: string, address: BatchAddress): Uint32Array {
  if (isList(address)) {
    checkInteger(caller, "masks", address.length, 1, 0xffffffff);
    const table = new Uint32Array(address.length * addressWords);
    address.forEach((one, i) => writeAddress(caller, table, i, one));
    return table;
  }
  const { masks, index = 0 } = address;
  checkInteger(caller, "index", index, 0, 0xffffffff);
  checkInteger(caller, "masks", masks, 1, 2 ** 32 - index);
  const table = new Uint32Array(masks * addressWords);
  writeAddress(caller, table, 0, address);
  const first = table.slice(0, addressWords);
  for (let i = 0; i < masks; i++) {
    first[addressWords - 1] = index + i;
    table.set(first, i * addressWords);
  }
  return table;
}

/** Address i of a table. */
export function addressAt(table: Uint32Array, i: number): Required<RngAddress> {
  const [low, high, stream, epoch, index] = table.subarray(i * addressWords, (i + 1) * addressWords);
  return { seed: low + high * 2 ** 32, stream, epoch, index };
}

function isList(address: BatchAddress): address is readonly RngAddress[] {
  return Array.isArray(address);
}

function writeAddress(caller: string, table: Uint32Array, i: number, address: RngAddress): void {
  const { seed, stream = 0, epoch = 0, index = 0 } = address;
  checkInteger(caller, "seed", seed, 0, Number.MAX_SAFE_INTEGER);
  checkInteger(caller, "stream", stream, 0, 0xffffffff);
  checkInteger(caller, "epoch", epoch, 0, 0xffffffff);
  checkInteger(caller, "index", index, 0, 0xffffffff);
  const at = i * addressWords;
  table[at] = seed;
  table[at + 1] = seed / 2 ** 32;
  table[at + 2] = stream;
  table[at + 3] = epoch;
  table[at + 4] = index;
}

function checkInteger(caller: string, name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`[${caller}] expected ${name} to be an integer in [${least}, ${most}], got ${value}`);
}
