// What an invocation loads: 4 x 4 values. The first TILE_ROWS blocks are of the left factor.
struct Block {
  isLeft: bool,
  quad: u32,
  depth: u32,
}

fn blockOf(lane: u32) -> Block {
  let isLeft = lane < TILE_ROWS;
  let index = select(lane - TILE_ROWS, lane, isLeft);
  let quads = select(TILE_COLUMNS, TILE_ROWS, isLeft) / 4;
  let byDepth = Block(isLeft, index / 4, index % 4 * 4);
  let bySide = Block(isLeft, index % quads, index / quads * 4);
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
