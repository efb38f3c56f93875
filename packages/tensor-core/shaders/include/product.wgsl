// Tiles of a matrix product, result[row][column] = sum over k of left(row, k) right(k, column). What the factors are is the
// including shader's business: a matrix either way round, or the patches of an image. It has
//   leftQuad(row, k), rightQuad(column, k): four values from there on along k if LEFT_BY_K (RIGHT_BY_K), else along rows
//     (columns); zeros outside;
//   finish(split, row, column, values): takes four results of a row, some of which may be outside.
// Workgroup (x, y, z): columns from x * TILE_COLUMNS, rows from y * TILE_ROWS, k in [z * chunk, (z + 1) * chunk).
// MATRIX: f16 factors on matrix units; HALF: f16 factors, multiplied in f32; else f32. Sums are f32 in any case.
const DEPTH = 16u;
#if MATRIX
#include matrix-tiles
#else
#include register-tiles
#endif
#include product-blocks
#include half
