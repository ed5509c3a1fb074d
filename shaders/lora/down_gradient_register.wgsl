// dU = s dY B without shared memory: for software adapters. One invocation makes four rank columns of four tokens:
// du[t, u + r] = s sum_n dY[t, n] B[n, r] over the columns n of workgroup z's projection, whose segment is
// (first column of dY, end column, first column of dU, first row of B).

// Four columns of dY at a time; f32 where the bounds of segments are no multiples of four.
alias Value = vec4<f32>;
// Four rank columns at a time; f32 where the rank is no multiple of four.
alias Ranks = vec4<f32>;

struct Params {
  rows: u32,
  dy_stride: u32, // in Values, as are the columns of segments
  elements: u32, // of a Value
  rank: u32, // in Ranks, as are u_stride and the columns of dU
  u_stride: u32,
  scale: f32,
  block: u32, // 4, tokens of an invocation
  segment0: vec4<u32>,
  segment1: vec4<u32>,
  segment2: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Value>;
@group(0) @binding(2) var<storage, read> b: array<Ranks>;
@group(0) @binding(3) var<storage, read_write> du: array<Ranks>;

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var segment = params.segment0;
  if (wid.z == 1u) { segment = params.segment1; }
  if (wid.z == 2u) { segment = params.segment2; }
  let i = (wid.y * groups.x + wid.x) * 16u + lane;
  let t = i / params.rank * 4u;
  if (t >= params.rows) { return; }
  let r = i % params.rank;
  let last = params.rows - 1u;
  var sum0 = Ranks();
  var sum1 = Ranks();
  var sum2 = Ranks();
  var sum3 = Ranks();
  var at_b = segment.w * params.rank + r;
  for (var n = segment.x; n < segment.y; n++) {
    // One load of each matrix in the source, in loops whose bounds compilers do not know, the values moving up one place each
    // time: software adapters' compilers take long over each load.
    var b0 = Ranks();
    var b1 = Ranks();
    var b2 = Ranks();
    var b3 = Ranks();
    for (var j = 0u; j < params.elements; j++) {
      b0 = b1;
      b1 = b2;
      b2 = b3;
      b3 = b[at_b];
      at_b += params.rank;
    }
    for (var k = 0u; k < params.block; k++) {
      let v = vec4<f32>(dy[min(t + k, last) * params.dy_stride + n]);
      var sum = sum0 + v.w * b3;
      if (params.elements > 1u) { sum += v.x * b0 + v.y * b1 + v.z * b2; }
      sum0 = sum1;
      sum1 = sum2;
      sum2 = sum3;
      sum3 = sum;
    }
  }
  for (var k = t; k < min(t + 4u, params.rows); k++) {
    du[k * params.u_stride + segment.z + r] = params.scale * sum0;
    sum0 = sum1;
    sum1 = sum2;
    sum2 = sum3;
  }
}
