// Many uniform masks; draws as src/uniform.ts does.
import { ADDRESS_BYTES, integerDraw, openStream } from "./random";

/** cells: u8 [masks, size]; addresses: u32 [masks, 5]; scratch: u16 [size]; ring: that of the random stream. */
export function uniform(
  cells: usize,
  addresses: usize,
  scratch: usize,
  ring: usize,
  size: i32,
  count: i32,
  masks: i32,
): void {
  for (let mask = 0; mask < masks; mask++) {
    openStream(addresses, ring);
    addresses += ADDRESS_BYTES;
    memory.fill(cells, 0, size);
    maskUniformly(cells, scratch, size, count);
    cells += size;
  }
}

/** Masks `count` of the cells that are still 0, drawn without replacement. */
export function maskUniformly(cells: usize, scratch: usize, size: i32, count: i32): void {
  if (count == 0) return;
  let frees = 0;
  for (let cell = 0; cell < size; cell++) {
    store<u16>(scratch + ((<usize>frees) << 1), <u16>cell);
    frees += 1 - <i32>load<u8>(cells + cell);
  }
  for (let i = 0; i < count; i++) {
    const chosen = scratch + ((<usize>(i + integerDraw(frees - i))) << 1);
    store<u8>(cells + load<u16>(chosen), 1);
    store<u16>(chosen, load<u16>(scratch + ((<usize>i) << 1)));
  }
}
