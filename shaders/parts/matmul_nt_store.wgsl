// Stores four neighbours of a row of Y, as params.adds says.
// RESIDUAL: with a residual of Y's shape. GRADIENT: Y's values are logits, and what is stored is the gradient of the loss,
// c (onehot - softmax), as they have no other use. `residual` then is (log-sum-exp, id of the target token) of each row,
// b its c = dL / dlogprob.
fn store(row: u32, column: u32, end: u32, value: vec4<f32>) {
  if (column >= end) { return; }
  let at = (row * params.columns + column) / 4u;
  var sum = value;
  if (params.adds != 0u) {
    // One load in the source: software adapters' compilers take long over each.
    let other = residual[select(at, row, params.adds == GRADIENT)];
    if (params.adds == GRADIENT) {
      let hit = vec4<f32>(vec4<u32>(params.token + column) + vec4<u32>(0u, 1u, 2u, 3u) == vec4<u32>(u32(other.y)));
      sum = b[row] * (hit - exp(sum - other.x));
    } else {
      sum += other;
    }
  }
  y[at] = sum;
}
