// Rotates heads of x in place (rotate-half: dimension j pairs with j + D/2) by the angles of their positions
// (Su et al. 2021, eq. 34). direction 1 is the forward pass, -1 its transpose, which is the backward pass.
// x is [rows, stride]; heads 0 .. heads-1 of width head_dim start at column 0 (queries, then keys).

struct Params {
  rows: u32,
  stride: u32,
  heads: u32,
  head_dim: u32,
  direction: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> positions: array<u32>;
// [positions, head_dim / 2] pairs (cos, sin), from the CPU: WGSL's own sine may err by 4e-4.
@group(0) @binding(2) var<storage, read> angles: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * groups.x + wid.x) * 64u + lane;
  let half_dim = params.head_dim / 2u;
  let per_row = params.heads * half_dim;
  if (i >= params.rows * per_row) { return; }
  let row = i / per_row;
  let head = (i % per_row) / half_dim;
  let j = i % half_dim;
  let angle = angles[positions[row] * half_dim + j];
  let at = row * params.stride + head * params.head_dim + j;
  let a = x[at];
  let b = x[at + half_dim];
  let s = angle.y * params.direction;
  x[at] = a * angle.x - b * s;
  x[at + half_dim] = b * angle.x + a * s;
}
