// include parts/matmul_adds

// What is stored in place of four neighbours of a row of Y, as params.adds says.
// RESIDUAL: with a residual of Y's shape. GRADIENT: Y's values are logits, and what is stored is the gradient of the loss,
// c (onehot - softmax), as they have no other use. `residual` then is (log-sum-exp, id of the target token) of each row,
// b its c = dL / dlogprob.
fn changed(row: u32, column: u32, at: u32, value: vec4<f32>) -> vec4<f32> {
  if (params.adds != RESIDUAL && params.adds != GRADIENT) { return value; }
  // One load in the source: software adapters' compilers take long over each.
  let other = residual[select(at, row, params.adds == GRADIENT)];
  if (params.adds == RESIDUAL) { return value + other; }
  let hit = vec4<f32>(vec4<u32>(params.token + column) + vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(u32(other.y)));
  return b[row] * (hit - exp(value - other.x));
}

// Stores four neighbours of a row of Y; PRESENT: added to what is there.
fn store(row: u32, column: u32, end: u32, value: vec4<f32>) {
  if (column >= end) { return; }
  let at = (row * params.columns + column) / 4u;
  var sum = value;
  if (params.adds == PRESENT) { sum += y[at]; }
  y[at] = changed(row, column, at, sum);
}
