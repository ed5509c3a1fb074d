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
  let at0 = t * params.dy_stride;
  let at1 = min(t + 1u, last) * params.dy_stride;
  let at2 = min(t + 2u, last) * params.dy_stride;
  let at3 = min(t + 3u, last) * params.dy_stride;
  var sum0 = Ranks();
  var sum1 = Ranks();
  var sum2 = Ranks();
  var sum3 = Ranks();
  var at_b = segment.w * params.rank + r;
  for (var n = segment.x; n < segment.y; n++) {
    let v0 = vec4<f32>(dy[at0 + n]);
    let v1 = vec4<f32>(dy[at1 + n]);
    let v2 = vec4<f32>(dy[at2 + n]);
    let v3 = vec4<f32>(dy[at3 + n]);
    let b0 = b[at_b];
    sum0 += v0.x * b0;
    sum1 += v1.x * b0;
    sum2 += v2.x * b0;
    sum3 += v3.x * b0;
    at_b += params.rank;
    if (params.elements > 1u) {
      let b1 = b[at_b];
      let b2 = b[at_b + params.rank];
      let b3 = b[at_b + 2u * params.rank];
      sum0 += v0.y * b1 + v0.z * b2 + v0.w * b3;
      sum1 += v1.y * b1 + v1.z * b2 + v1.w * b3;
      sum2 += v2.y * b1 + v2.z * b2 + v2.w * b3;
      sum3 += v3.y * b1 + v3.z * b2 + v3.w * b3;
      at_b += 3u * params.rank;
    }
  }
  // One store in a loop, the values moving up one place each time, as in gradient_register.wgsl.
  for (var k = t; k < min(t + 4u, params.rows); k++) {
    du[k * params.u_stride + segment.z + r] = params.scale * sum0;
    sum0 = sum1;
    sum1 = sum2;
    sum2 = sum3;
  }
}
