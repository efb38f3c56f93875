// Results on matrix units: 8 subgroups of 32 invocations in 4 rows and 2 columns, each with 2 x COLUMN_MATRICES matrices of 16 x 16.
enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;

const SUBGROUPS = 8u;
const SUBGROUP = 32u;
const INVOCATIONS = SUBGROUPS * SUBGROUP;
const SIDE = 16u;
const ROW_MATRICES = 2u;
const TILE_ROWS = 4 * ROW_MATRICES * SIDE;
const TILE_COLUMNS = 2 * COLUMN_MATRICES * SIDE;
// Eight more than a row of the tile, so that rows begin in different banks.
const LEFT_STRIDE = TILE_ROWS + 8;
const RIGHT_STRIDE = TILE_COLUMNS + 8;

alias Left = subgroup_matrix_left<f16, 16, 16>;
alias Right = subgroup_matrix_right<f16, 16, 16>;
alias Sums = subgroup_matrix_result<f32, 16, 16>;

// [k][row or column]
var<workgroup> leftTile: array<f16, DEPTH * LEFT_STRIDE>;
var<workgroup> rightTile: array<f16, DEPTH * RIGHT_STRIDE>;
// One matrix of results of each subgroup, on the way out.
var<workgroup> results: array<f32, SUBGROUPS * SIDE * SIDE>;

fn put(block: Block, values: mat4x4f) {
  for (var j = 0u; j < 4; j++) {
    let quad = bitcast<vec4h>(toHalves(values[j]));
    for (var i = 0u; i < 4; i++) {
      if (block.isLeft) {
        leftTile[(block.depth + j) * LEFT_STRIDE + block.quad * 4 + i] = quad[i];
      } else {
        rightTile[(block.depth + j) * RIGHT_STRIDE + block.quad * 4 + i] = quad[i];
      }
    }
  }
}

@compute @workgroup_size(INVOCATIONS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) subgroup: u32,
) {
  let firstRow = group.y * TILE_ROWS;
  let firstColumn = group.x * TILE_COLUMNS;
  let begin = group.z * parameters.chunk;
  let end = min(begin + parameters.chunk, parameters.depth);
  let subgroupRow = subgroup / 2 * ROW_MATRICES * SIDE;
  let subgroupColumn = subgroup % 2 * COLUMN_MATRICES * SIDE;
  let isLoading = lane < TILE_ROWS + TILE_COLUMNS;
  let block = blockOf(lane);
  var sums: array<Sums, ROW_MATRICES * COLUMN_MATRICES>;
  // As in register-tiles.wgsl.
  for (var start = begin; start < end + DEPTH; start += DEPTH) {
    var next: mat4x4f;
    if (isLoading && start < end) {
      next = fetch(block, firstRow, firstColumn, start);
    }
    if (start > begin) {
      var rows: array<Left, ROW_MATRICES>;
      for (var i = 0u; i < ROW_MATRICES; i++) {
        rows[i] = subgroupMatrixLoad<Left, col_major>(&leftTile, subgroupRow + i * SIDE, LEFT_STRIDE);
      }
      for (var j = 0u; j < COLUMN_MATRICES; j++) {
        let columns = subgroupMatrixLoad<Right, row_major>(&rightTile, subgroupColumn + j * SIDE, RIGHT_STRIDE);
        for (var i = 0u; i < ROW_MATRICES; i++) {
          sums[i * COLUMN_MATRICES + j] =
            subgroupMatrixMultiplyAccumulate(rows[i], columns, sums[i * COLUMN_MATRICES + j]);
        }
      }
    }
    workgroupBarrier();
    if (isLoading) {
      put(block, next);
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < ROW_MATRICES; i++) {
    for (var j = 0u; j < COLUMN_MATRICES; j++) {
      workgroupBarrier();
      subgroupMatrixStore<row_major>(&results, subgroup * SIDE * SIDE, sums[i * COLUMN_MATRICES + j], SIDE);
      workgroupBarrier();
      for (var quad = lane % SUBGROUP; quad < SIDE * SIDE / 4; quad += SUBGROUP) {
        let at = subgroup * SIDE * SIDE + quad * 4;
        let row = firstRow + subgroupRow + i * SIDE + quad / 4;
        let column = firstColumn + subgroupColumn + j * SIDE + quad % 4 * 4;
        finish(group.z, row, column, vec4f(results[at], results[at + 1], results[at + 2], results[at + 3]));
      }
    }
  }
}
