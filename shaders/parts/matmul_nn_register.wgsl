// Parameters of dX = dY W in register blocks, and how four neighbours of a row are stored: see nn_register.wgsl.

struct Params {
  rows: u32,
  columns: u32,
  inner: u32,
  rank: u32, // of all projections of the group together; 0 without LoRA
  accumulate: u32,
  row_lanes: u32,
  w_row: u32,
  dy_stride: u32,
  dy_column: u32,
  block: u32, // 8, a bound that software adapters' compilers do not unroll loops by
}

@group(0) @binding(0) var<uniform> params: Params;

fn store(row: u32, column: u32, columns4: u32, value: vec4<f32>) {
  if (column >= columns4) { return; }
  let at = row * columns4 + column;
  var sum = value;
  if (params.accumulate != 0u) { sum += dx[at]; }
  dx[at] = sum;
}
