// Which row of the relative position table every pair of tokens gets; the last three rows are for the class token.
// (unilm, modeling_finetune.py)

/** Int32 [N * N] for N = side * side + 1 tokens, the class token first. */
export function positionIndex(side) {
  const tokens = side * side + 1;
  const distances = (2 * side - 1) ** 2;
  const index = new Int32Array(tokens * tokens);
  for (let from = 1; from < tokens; from++) {
    for (let to = 1; to < tokens; to++) {
      const down = Math.floor((from - 1) / side) - Math.floor((to - 1) / side) + side - 1;
      const right = ((from - 1) % side) - ((to - 1) % side) + side - 1;
      index[from * tokens + to] = down * (2 * side - 1) + right;
    }
    index[from] = distances;
    index[from * tokens] = distances + 1;
  }
  index[0] = distances + 2;
  return index;
}
