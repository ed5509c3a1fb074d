// What the tiles of Y = X W^T load and store.

// Four neighbours of a row of X, or of U, from `k` on.
fn left_at(is_rank: bool, row: u32, segment: vec4<u32>, k: u32) -> vec4<f32> {
  var values = vec4<f32>();
  if (row >= params.rows) { return values; }
  if (!is_rank) {
    if (k < params.inner) { values = x[(row * params.inner + k) / 4u]; }
    return values;
  }
  let at = row * params.u_stride + segment.z + k;
  if (k < params.rank) { values.x = u[at]; }
  if (k + 1u < params.rank) { values.y = u[at + 1u]; }
  if (k + 2u < params.rank) { values.z = u[at + 2u]; }
  if (k + 3u < params.rank) { values.w = u[at + 3u]; }
  return values;
}

// Four neighbours of the row of W, or of scale B, that makes a column of Y, from `k` on.
fn right_at(is_rank: bool, column: u32, segment: vec4<u32>, k: u32) -> vec4<f32> {
  var values = vec4<f32>();
  if (column >= segment.y) { return values; }
  if (!is_rank) {
    if (k < params.inner) { values = weight4(((column + params.w_row) * params.inner + k) / 4u); }
    return values;
  }
  let at = (column - segment.x + segment.w) * params.rank + k;
  if (k < params.rank) { values.x = b[at]; }
  if (k + 1u < params.rank) { values.y = b[at + 1u]; }
  if (k + 2u < params.rank) { values.z = b[at + 2u]; }
  if (k + 3u < params.rank) { values.w = b[at + 3u]; }
  return params.scale * values;
}

// include parts/matmul_store1

fn store(row: u32, column: u32, end: u32, value: vec4<f32>) {
  for (var j = 0u; j < min(4u, end - min(column, end)); j++) { store1(row, column + j, value[j]); }
}
