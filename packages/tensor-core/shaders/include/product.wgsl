// Tiles of a matrix product, result[row][column] = sum over k of left(row, k) right(k, column). What the factors are is the
// including shader's business: a matrix either way round, or the patches of an image. It has
//   leftQuad(row, k), rightQuad(column, k): four values from there on along k if LEFT_BY_K (RIGHT_BY_K), else along rows
//     (columns); zeros outside;
//   finish(split, row, column, values): takes four results of a row, some of which may be outside.
// Workgroup (x, y, z): columns from x * TILE, rows from y * TILE, k in [z * chunk, (z + 1) * chunk).
const DEPTH = 16u;
const TILE = SIDE * 4 * QUADS;
const ROW_QUADS = TILE / 4;
const INVOCATIONS = SIDE * SIDE;

// [k][four rows or columns]; a quad's place is turned by its k, or quads stored together would meet in one bank.
var<workgroup> leftTile: array<vec4f, DEPTH * ROW_QUADS>;
var<workgroup> rightTile: array<vec4f, DEPTH * ROW_QUADS>;

fn quadPlace(k: u32, quad: u32) -> u32 {
  return k * ROW_QUADS + (quad ^ (k / 4 * 2));
}

// The half of the workgroup that an invocation loads for: the first TILE blocks are of the left factor, of 4 x 4 values each.
struct Block {
  isLeft: bool,
  quad: u32,
  depth: u32,
}

fn blockOf(lane: u32) -> Block {
  let isLeft = lane < TILE;
  let index = lane % TILE;
  let byDepth = Block(isLeft, index / 4, index % 4 * 4);
  let bySide = Block(isLeft, index % ROW_QUADS, index / ROW_QUADS * 4);
  if (select(RIGHT_BY_K, LEFT_BY_K, isLeft)) {
    return byDepth;
  }
  return bySide;
}

// Four vectors, one for each k, of four rows (columns).
fn fetch(block: Block, firstRow: u32, firstColumn: u32, firstDepth: u32) -> mat4x4f {
  let k = firstDepth + block.depth;
  if (block.isLeft) {
    let row = firstRow + block.quad * 4;
    if (LEFT_BY_K) {
      return transpose(mat4x4f(leftQuad(row, k), leftQuad(row + 1, k), leftQuad(row + 2, k), leftQuad(row + 3, k)));
    }
    return mat4x4f(leftQuad(row, k), leftQuad(row, k + 1), leftQuad(row, k + 2), leftQuad(row, k + 3));
  }
  let column = firstColumn + block.quad * 4;
  if (RIGHT_BY_K) {
    return transpose(
      mat4x4f(rightQuad(column, k), rightQuad(column + 1, k), rightQuad(column + 2, k), rightQuad(column + 3, k)),
    );
  }
  return mat4x4f(rightQuad(column, k), rightQuad(column, k + 1), rightQuad(column, k + 2), rightQuad(column, k + 3));
}

fn put(block: Block, values: mat4x4f) {
  for (var j = 0u; j < 4; j++) {
    let place = quadPlace(block.depth + j, block.quad);
    if (block.isLeft) {
      leftTile[place] = values[j];
    } else {
      rightTile[place] = values[j];
    }
  }
}

fn accumulate(sums: mat4x4f, rows: vec4f, columns: vec4f) -> mat4x4f {
  return mat4x4f(
    fma(vec4f(rows.x), columns, sums[0]),
    fma(vec4f(rows.y), columns, sums[1]),
    fma(vec4f(rows.z), columns, sums[2]),
    fma(vec4f(rows.w), columns, sums[3]),
  );
}

fn finishBlock(split: u32, row: u32, column: u32, sums: mat4x4f) {
  finish(split, row, column, sums[0]);
  finish(split, row + 1, column, sums[1]);
  finish(split, row + 2, column, sums[2]);
  finish(split, row + 3, column, sums[3]);
}

@compute @workgroup_size(INVOCATIONS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let firstRow = group.y * TILE;
  let firstColumn = group.x * TILE;
  let begin = group.z * parameters.chunk;
  let end = min(begin + parameters.chunk, parameters.depth);
  let block = blockOf(lane);
  let rowQuad = lane / SIDE;
  let columnQuad = lane % SIDE;
  var sums00 = mat4x4f();
#if QUADS2
  var sums01 = mat4x4f();
  var sums10 = mat4x4f();
  var sums11 = mat4x4f();
#endif
  var next = fetch(block, firstRow, firstColumn, begin);
  for (var start = begin; start < end; start += DEPTH) {
    workgroupBarrier();
    put(block, next);
    workgroupBarrier();
    if (start + DEPTH < end) {
      next = fetch(block, firstRow, firstColumn, start + DEPTH);
    }
    for (var k = 0u; k < DEPTH; k++) {
      let rows0 = leftTile[quadPlace(k, rowQuad)];
      let columns0 = rightTile[quadPlace(k, columnQuad)];
      sums00 = accumulate(sums00, rows0, columns0);
#if QUADS2
      let rows1 = leftTile[quadPlace(k, rowQuad + SIDE)];
      let columns1 = rightTile[quadPlace(k, columnQuad + SIDE)];
      sums01 = accumulate(sums01, rows0, columns1);
      sums10 = accumulate(sums10, rows1, columns0);
      sums11 = accumulate(sums11, rows1, columns1);
#endif
    }
  }
  let row = firstRow + rowQuad * 4;
  let column = firstColumn + columnQuad * 4;
  finishBlock(group.z, row, column, sums00);
#if QUADS2
  finishBlock(group.z, row, column + SIDE * 4, sums01);
  finishBlock(group.z, row + SIDE * 4, column, sums10);
  finishBlock(group.z, row + SIDE * 4, column + SIDE * 4, sums11);
#endif
}
