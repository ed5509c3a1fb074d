// x[t] = table[ids[t]]: gathers rows of the embedding. It is frozen, so there is no backward. What is bound of the table
// may be some of its rows, [first, first + table_rows): tokens of other rows are left to another dispatch.

struct Params {
  rows: u32,
  hidden: u32,
  first: u32,
  table_rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

// weights: f32. For another format these lines are replaced by shaders/weights/<format>.wgsl.
@group(0) @binding(6) var<storage, read> w: array<f32>;

fn weight(i: u32) -> f32 {
  return w[i];
}
// end of weights

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * groups.x + wid.x) * 64u + lane;
  if (i >= params.rows * params.hidden) { return; }
  let row = ids[i / params.hidden] - params.first; // wraps around below zero
  if (row >= params.table_rows) { return; }
  x[i] = weight(row * params.hidden + i % params.hidden);
}
