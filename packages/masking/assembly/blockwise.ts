// Many blockwise masks; draws as src/blockwise.ts does, where the algorithm and its sources are explained.
import { exponential } from "./arithmetic";
import { clearBoard, countFree, fillBlock, writeCells } from "./board";
import { ADDRESS_BYTES, GROUP, integerDraw, isMade, makeGroup, nextPlace, openStream, take } from "./random";
import { maskUniformly } from "./uniform";

const OFFICIAL: i32 = 0;
const EXACT: i32 = 1;
const PAPER: i32 = 2;
const ATTEMPTS_PER_BLOCK: i32 = 10;
const RESTARTS: i32 = 100;
/** 1.5 * 2^52: a number added to it, a negative one too, is rounded, ties to even, and found in the low bits. */
const ROUND: f64 = 6755399441055744;
const ALMOST_HALF: f64 = 0.5 - 1.1641532182693481e-10; // 2^-33
/** A side longer than any grid, and the cells of the largest. */
const TOO_LONG: f64 = 4096;
const MOST_CELLS: f64 = 4096;

// The plan of the call and the draft of one mask.
let rows: i32 = 0;
let cols: i32 = 0;
let target: f64 = 0;
let minBlock: f64 = 0;
let maxBlock: f64 = 0;
let logAspect: f64 = 0;
let logAspectSpan: f64 = 0;
let count: i32 = 0;
let blocks: i32 = 0;
let attempts: i32 = 0;
let ring: usize = 0;
let aspects: usize = 0;

/**
 * cells: u8 [masks, rows * cols] and 16 spare bytes; records: i32 [masks, 3]; addresses: u32 [masks, 5];
 * board: v128 [32]; scratch: u16 [4096]; ring: that of the random stream; aspects: f64 [GROUP], those that its odd
 * numbers stand for.
 */
export function blockwise(
  cells: usize,
  records: usize,
  addresses: usize,
  board: usize,
  scratch: usize,
  ringOf: usize,
  aspectsOf: usize,
  variant: i32,
  rowsOf: i32,
  colsOf: i32,
  targetOf: f64,
  minBlockOf: f64,
  maxBlockOf: f64,
  logAspectOf: f64,
  logAspectSpanOf: f64,
  smallestHeight: i32,
  smallestWidth: i32,
  masks: i32,
): void {
  ring = ringOf;
  aspects = aspectsOf;
  rows = rowsOf;
  cols = colsOf;
  target = targetOf;
  minBlock = minBlockOf;
  maxBlock = maxBlockOf;
  logAspect = logAspectOf;
  logAspectSpan = logAspectSpanOf;
  for (let mask = 0; mask < masks; mask++) {
    openStream(addresses, ring);
    addresses += ADDRESS_BYTES;
    clearBoard(board, rows, cols);
    count = 0;
    blocks = 0;
    attempts = 0;
    if (variant == PAPER) growPastRatio(board);
    else growBlocks(board);
    if (variant == OFFICIAL && count == 0) growAgain(board, smallestHeight, smallestWidth);
    writeCells(board, cells, rows, cols);
    if (variant == EXACT) {
      maskUniformly(cells, scratch, rows * cols, <i32>target - count);
      count = <i32>target;
    }
    store<i32>(records, count);
    store<i32>(records, blocks, 4);
    store<i32>(records, attempts, 8);
    cells += rows * cols;
    records += 12;
  }
}

// The loop of src/blockwise.ts with one branch, its end: whether a block fits and is taken is as good as random, and a wrong
// guess of the processor costs more than the work for a block that is not.
function growBlocks(board: usize): void {
  let masked = count;
  let failures = 0;
  const wholeTarget = <i32>target;
  const most = <i32>min(maxBlock, MOST_CELLS);
  while (masked < wholeTarget && failures < ATTEMPTS_PER_BLOCK) {
    attempts++;
    const rest = wholeTarget - masked;
    const sides = drawSides(<f64>rest < maxBlock ? <f64>rest : maxBlock);
    const corner = drawCorner(sides);
    const h = i32x4.extract_lane(sides, 0);
    const w = i32x4.extract_lane(sides, 2);
    const top = i32x4.extract_lane(corner, 0);
    const left = i32x4.extract_lane(corner, 2);
    const fits = <i32>(h < rows) & <i32>(w < cols);
    take(2 + (fits << 1));
    const added = countFree(board, rows, cols, top, left, h, w);
    const taken = fits & <i32>(added > 0) & <i32>(added <= rest) & <i32>(added <= most);
    fillBlock(board, rows, cols, top, left, h & -taken, w);
    masked += added & -taken;
    blocks += taken;
    failures = (failures + 1) & (taken - 1);
  }
  count = masked;
}

function growAgain(board: usize, h: i32, w: i32): void {
  for (let restart = 0; restart < RESTARTS && count == 0; restart++) growBlocks(board);
  if (count > 0) return;
  const top = integerDraw(rows - h + 1);
  const left = integerDraw(cols - w + 1);
  fillBlock(board, rows, cols, top, left, h, w);
  count = h * w;
  blocks = 1;
  attempts++;
  growBlocks(board);
}

function growPastRatio(board: usize): void {
  const least = f64x2.splat(ROUND + 1);
  const most = sidesOf(<f64>rows, <f64>cols, ROUND);
  while (<f64>count <= target) {
    attempts++;
    const sides = f64x2.pmin(f64x2.pmax(drawSides(target - <f64>count), least), most);
    const corner = drawCorner(sides);
    const h = i32x4.extract_lane(sides, 0);
    const w = i32x4.extract_lane(sides, 2);
    const top = i32x4.extract_lane(corner, 0);
    const left = i32x4.extract_lane(corner, 2);
    take(4);
    const added = countFree(board, rows, cols, top, left, h, w);
    fillBlock(board, rows, cols, top, left, h, w);
    count += added;
    blocks += <i32>(added > 0);
  }
}

// Height and width, drawn with the next two numbers of the stream, as whole numbers in the low halves of the lanes, that is
// with ROUND added. It and drawCorner leave the numbers to be taken.
@inline function drawSides(budget: f64): v128 {
  if (!isMade(4)) makeAspects(makeGroup());
  const place = nextPlace();
  const area = minBlock + (budget - minBlock) * load<f64>(ring + (place << 3));
  const aspect = load<f64>(aspects + ((place >> 1) << 3));
  const sides = f64x2.sqrt(sidesOf(area * aspect, area / aspect, 0));
  return f64x2.add(f64x2.pmin(sides, f64x2.splat(TOO_LONG)), f64x2.splat(ROUND));
}

// Top and left of a block from the two numbers after those of its sides, in the same form. They are rounded down: the
// products have 32 bits behind the point, so that less almost a half they are never half-way.
@inline function drawCorner(sides: v128): v128 {
  const places = f64x2.sub(sidesOf(<f64>rows + 1, <f64>cols + 1, ROUND), sides);
  const numbers = v128.load(ring + (nextPlace(2) << 3));
  return f64x2.add(f64x2.sub(f64x2.mul(numbers, places), f64x2.splat(ALMOST_HALF)), f64x2.splat(ROUND));
}

@inline function sidesOf(height: f64, width: f64, base: f64): v128 {
  return f64x2.replace_lane(f64x2.splat(height + base), 1, width + base);
}

// Sides and corners take two numbers each, so an aspect is always an odd one. Those of all odd ones are made together: one
// at a time each would wait for the steps of its series.
function makeAspects(group: usize): void {
  const least = f64x2.splat(logAspect);
  const span = f64x2.splat(logAspectSpan);
  for (let place = group; place < group + GROUP; place += 4) {
    const numbers = ring + (place << 3);
    const odd = v128.shuffle<i64>(v128.load(numbers), v128.load(numbers, 16), 1, 3);
    v128.store(aspects + ((place >> 1) << 3), exponential(f64x2.add(least, f64x2.mul(span, odd))));
  }
}
