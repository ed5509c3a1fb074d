// Parameters of dX = dY W in tiles, and what the tiles load and store: see nn_tiled.wgsl.

struct Params {
  rows: u32,
  columns: u32,
  inner: u32,
  rank: u32, // of all projections of the group together; 0 without LoRA
  accumulate: u32,
  w_row: u32,
  dy_stride: u32,
  dy_column: u32,
}

@group(0) @binding(0) var<uniform> params: Params;

// Four neighbours of a row of dY, or of dU, from `n` on.
fn left_at(is_rank: bool, row: u32, n: u32) -> vec4<f32> {
  var values = vec4<f32>();
  if (row >= params.rows) { return values; }
  if (!is_rank) {
    if (n < params.inner) { values = dy[(row * params.dy_stride + params.dy_column + n) / 4u]; }
    return values;
  }
  let at = row * params.rank + n;
  if (n < params.rank) { values.x = du[at]; }
  if (n + 1u < params.rank) { values.y = du[at + 1u]; }
  if (n + 2u < params.rank) { values.z = du[at + 2u]; }
  if (n + 3u < params.rank) { values.w = du[at + 3u]; }
  return values;
}

// Line n of W, or of A, from column 4 column4 on.
fn right_at(is_rank: bool, n: u32, column4: u32) -> vec4<f32> {
  let columns4 = params.columns / 4u;
  if (column4 >= columns4 || n >= select(params.inner, params.rank, is_rank)) { return vec4<f32>(); }
  if (is_rank) { return a[n * columns4 + column4]; }
  return weight4((n + params.w_row) * columns4 + column4);
}

fn store(row: u32, column4: u32, value: vec4<f32>) {
  let columns4 = params.columns / 4u;
  if (column4 >= columns4) { return; }
  let at = row * columns4 + column4;
  if (params.accumulate != 0u) {
    dx[at] += value;
  } else {
    dx[at] = value;
  }
}
