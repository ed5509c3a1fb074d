// Rotates heads of x in place (rotate-half: dimension j pairs with j + D/2) by the angles of their positions
// (Su et al. 2021, eq. 34). direction 1 is the forward pass, -1 its transpose, which is the backward pass.
// x is [rows, stride]; heads 0 .. heads-1 start at column 0 (queries, then keys).

// Four dimensions at a time; f32 where half a head is no multiple of four.
alias Value = vec4<f32>;

struct Params {
  rows: u32,
  stride: u32, // in Values, as is half_dim
  heads: u32,
  half_dim: u32, // D/2
  direction: f32,
  halves: u32, // 2, of a head
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> positions: array<u32>;
// [positions, D] = [cosines | sines], from the CPU: WGSL's own sine may err by 4e-4.
@group(0) @binding(2) var<storage, read> angles: array<Value>;
@group(0) @binding(3) var<storage, read_write> x: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let half_dim = params.half_dim;
  let head = id.x / half_dim;
  if (head >= params.heads) { return; }
  let j = id.x - head * half_dim;
  for (var row = id.y; row < params.rows; row += groups.y) {
    let at_angle = positions[row] * 2u * half_dim + j;
    let at = row * params.stride + head * 2u * half_dim + j;
    // The first of a pair and its cosine, then the second and its sine, by the same lines; their values likewise: software
    // adapters' compilers take long over each load in the source.
    var a = Value();
    var b = Value();
    var c = Value();
    var s = Value();
    for (var half = 0u; half < params.halves; half++) {
      a = b;
      b = x[at + half * half_dim];
      c = s;
      s = angles[at_angle + half * half_dim];
    }
    s *= params.direction;
    for (var half = 0u; half < params.halves; half++) {
      x[at + half * half_dim] = select(a * c - b * s, b * c + a * s, half == 1u);
    }
  }
}
