// Stores four neighbours of a row of Y, with their residual.
fn store(row: u32, column: u32, end: u32, value: vec4<f32>) {
  if (column >= end) { return; }
  let at = (row * params.columns + column) / 4u;
  var sum = value;
  if (params.has_residual != 0u) { sum += residual[at]; }
  y[at] = sum;
}
