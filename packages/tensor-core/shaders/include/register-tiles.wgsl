// Every invocation keeps 4 x 4 results, or four times as many where QUADS is 2, in registers.
const TILE = SIDE * 4u * QUADS;
const TILE_ROWS = TILE;
const TILE_COLUMNS = TILE;
const ROW_QUADS = TILE / 4;
const INVOCATIONS = SIDE * SIDE;

#if HALF
alias Quad = vec2u;

fn toTile(values: vec4f) -> Quad {
  return toHalves(values);
}

fn ofTile(halves: Quad) -> vec4f {
  return ofHalves(halves);
}
#else
alias Quad = vec4f;

fn toTile(values: vec4f) -> Quad {
  return values;
}

fn ofTile(values: Quad) -> vec4f {
  return values;
}
#endif

// [k][four rows or columns]; a quad's place is turned by its k, or quads stored together would meet in one bank.
var<workgroup> leftTile: array<Quad, DEPTH * ROW_QUADS>;
var<workgroup> rightTile: array<Quad, DEPTH * ROW_QUADS>;

fn quadPlace(k: u32, quad: u32) -> u32 {
  return k * ROW_QUADS + (quad ^ (k / 4 * 2));
}

fn put(block: Block, values: mat4x4f) {
  for (var j = 0u; j < 4; j++) {
    let place = quadPlace(block.depth + j, block.quad);
    if (block.isLeft) {
      leftTile[place] = toTile(values[j]);
    } else {
      rightTile[place] = toTile(values[j]);
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
  let firstRow = group.y * TILE_ROWS;
  let firstColumn = group.x * TILE_COLUMNS;
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
  // A tile is multiplied while the next one is on its way from memory. One call of fetch, or compilers make two copies of it.
  for (var start = begin; start < end + DEPTH; start += DEPTH) {
    var next: mat4x4f;
    if (start < end) {
      next = fetch(block, firstRow, firstColumn, start);
    }
    for (var k = 0u; start > begin && k < DEPTH; k++) {
      let rows0 = ofTile(leftTile[quadPlace(k, rowQuad)]);
      let columns0 = ofTile(rightTile[quadPlace(k, columnQuad)]);
      sums00 = accumulate(sums00, rows0, columns0);
#if QUADS2
      let rows1 = ofTile(leftTile[quadPlace(k, rowQuad + SIDE)]);
      let columns1 = ofTile(rightTile[quadPlace(k, columnQuad + SIDE)]);
      sums01 = accumulate(sums01, rows0, columns1);
      sums10 = accumulate(sums10, rows1, columns0);
      sums11 = accumulate(sums11, rows1, columns1);
#endif
    }
    workgroupBarrier();
    put(block, next);
    workgroupBarrier();
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
