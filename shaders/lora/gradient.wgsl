// G[a, b] += scale * sum_t P[t, a] Q[t, b]: the gradients of LoRA's matrices, which contract over tokens in order.
// dB = s dY^T U (a: rows of B, b: rank) and dA = dU^T X (a: rank, b: inputs), with dU = s dY B.
// Each invocation makes 4 x 4 outputs. Workgroup z is a projection of the group; its segment is
// (first column of P, number of rows of G, first column of Q, first row of G); columns of G are the same for all.

struct Params {
  rows: u32,
  p_stride: u32,
  q_stride: u32,
  columns: u32,
  scale: f32,
  segment0: vec4<u32>,
  segment1: vec4<u32>,
  segment2: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> p: array<f32>;
@group(0) @binding(2) var<storage, read> q: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var segment = params.segment0;
  if (wid.z == 1u) { segment = params.segment1; }
  if (wid.z == 2u) { segment = params.segment2; }
  let column_blocks = (params.columns + 3u) / 4u;
  let i = wid.x * 32u + lane;
  let row = (i / column_blocks) * 4u;
  let column = (i % column_blocks) * 4u;
  if (row >= segment.y) { return; }
  // Clamped, not guarded: lanes beyond the edge read a neighbour's value and store nothing.
  let p0 = segment.x + row;
  let p1 = segment.x + min(row + 1u, segment.y - 1u);
  let p2 = segment.x + min(row + 2u, segment.y - 1u);
  let p3 = segment.x + min(row + 3u, segment.y - 1u);
  let q0 = segment.z + column;
  let q1 = segment.z + min(column + 1u, params.columns - 1u);
  let q2 = segment.z + min(column + 2u, params.columns - 1u);
  let q3 = segment.z + min(column + 3u, params.columns - 1u);
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  for (var t = 0u; t < params.rows; t++) {
    let pt = t * params.p_stride;
    let qt = t * params.q_stride;
    let qv = vec4<f32>(q[qt + q0], q[qt + q1], q[qt + q2], q[qt + q3]);
    sum0 += p[pt + p0] * qv;
    sum1 += p[pt + p1] * qv;
    sum2 += p[pt + p2] * qv;
    sum3 += p[pt + p3] * qv;
  }
  // One guarded update in a loop, the values moving up one place each time: sixteen in a row take software adapters'
  // compilers seconds.
  for (var i = 0u; i < 4u * min(4u, segment.y - row); i++) {
    if (column + i % 4u < params.columns) {
      gradient[(segment.w + row + i / 4u) * params.columns + column + i % 4u] += params.scale * sum0.x;
    }
    sum0 = vec4<f32>(sum0.yzw, sum1.x);
    sum1 = vec4<f32>(sum1.yzw, sum2.x);
    sum2 = vec4<f32>(sum2.yzw, sum3.x);
    sum3 = vec4<f32>(sum3.yzw, 0.0);
  }
}
