// include parts/matmul_adds

// Stores an element of Y, as params.adds says: see matmul_store.wgsl.
fn store1(row: u32, column: u32, value: f32) {
  let at = row * params.columns + column;
  var sum = value;
  if (params.adds == RESIDUAL) { sum += residual[at]; }
  if (params.adds == GRADIENT) {
    let hit = f32(params.token + column == u32(residual[4u * row + 1u]));
    sum = b[row] * (hit - exp(sum - residual[4u * row]));
  }
  y[at] = sum;
}
