// Many blockwise masks; draws as src/blockwise.ts does, where the algorithm and its sources are explained.
import { exponential } from "./arithmetic";
import { clearBoard, countFree, fillBlock, writeCells } from "./board";
import { integerDraw, openStream, uniformDraw } from "./random";
import { maskUniformly } from "./uniform";

const OFFICIAL: i32 = 0;
const EXACT: i32 = 1;
const PAPER: i32 = 2;
const ATTEMPTS_PER_BLOCK: i32 = 10;
const RESTARTS: i32 = 100;

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
let height: f64 = 0;
let width: f64 = 0;

/** cells: u8 [masks, rows * cols] and 8 spare bytes; records: i32 [masks, 3]; board: u64 [64]; scratch: u16 [4096]. */
export function blockwise(
  cells: usize,
  records: usize,
  board: usize,
  scratch: usize,
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
  index: u32,
  masks: i32,
): void {
  rows = rowsOf;
  cols = colsOf;
  target = targetOf;
  minBlock = minBlockOf;
  maxBlock = maxBlockOf;
  logAspect = logAspectOf;
  logAspectSpan = logAspectSpanOf;
  for (let mask = 0; mask < masks; mask++) {
    openStream(index + mask);
    clearBoard(board, rows);
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

function growBlocks(board: usize): void {
  while (<f64>count < target) {
    const added = tryBlock(board, min(target - <f64>count, maxBlock));
    if (added == 0) return;
    count += added;
    blocks++;
  }
}

function tryBlock(board: usize, budget: f64): i32 {
  for (let attempt = 0; attempt < ATTEMPTS_PER_BLOCK; attempt++) {
    drawSides(budget);
    if (width >= <f64>cols || height >= <f64>rows) continue;
    const h = <i32>height;
    const w = <i32>width;
    const top = integerDraw(rows - h + 1);
    const left = integerDraw(cols - w + 1);
    const added = countFree(board, top, left, h, w);
    if (added == 0 || <f64>added > budget) continue;
    fillBlock(board, top, left, h, w);
    return added;
  }
  return 0;
}

function growAgain(board: usize, h: i32, w: i32): void {
  for (let restart = 0; restart < RESTARTS && count == 0; restart++) growBlocks(board);
  if (count > 0) return;
  const top = integerDraw(rows - h + 1);
  const left = integerDraw(cols - w + 1);
  fillBlock(board, top, left, h, w);
  count = h * w;
  blocks = 1;
  attempts++;
  growBlocks(board);
}

function growPastRatio(board: usize): void {
  while (<f64>count <= target) {
    drawSides(target - <f64>count);
    const h = <i32>min(max(height, 1), <f64>rows);
    const w = <i32>min(max(width, 1), <f64>cols);
    const top = integerDraw(rows - h + 1);
    const left = integerDraw(cols - w + 1);
    const added = countFree(board, top, left, h, w);
    fillBlock(board, top, left, h, w);
    count += added;
    if (added > 0) blocks++;
  }
}

function drawSides(budget: f64): void {
  attempts++;
  const area = minBlock + (budget - minBlock) * uniformDraw();
  const aspect = exponential(logAspect + logAspectSpan * uniformDraw());
  height = nearest<f64>(Math.sqrt(area * aspect));
  width = nearest<f64>(Math.sqrt(area / aspect));
}
