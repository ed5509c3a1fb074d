// dU = s dY B, one invocation per (token, rank column): du[t, u + r] = s sum_n dY[t, n] B[n, r] over the columns n of
// the projection's segment (first column of dY, end column, first column of dU, first row of B).

struct Params {
  rows: u32,
  dy_stride: u32,
  rank: u32,
  u_stride: u32,
  scale: f32,
  segment0: vec4<u32>,
  segment1: vec4<u32>,
  segment2: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> du: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var segment = params.segment0;
  if (wid.z == 1u) { segment = params.segment1; }
  if (wid.z == 2u) { segment = params.segment2; }
  // Each invocation makes four rank columns of one token, so that a value of dY is loaded once for all of them.
  let rank_blocks = (params.rank + 3u) / 4u;
  let i = (wid.y * groups.x + wid.x) * 32u + lane;
  if (i >= params.rows * rank_blocks) { return; }
  let t = i / rank_blocks;
  let r = (i % rank_blocks) * 4u;
  let last = params.rank - 1u;
  let r1 = min(r + 1u, last);
  let r2 = min(r + 2u, last);
  let r3 = min(r + 3u, last);
  var sum = vec4<f32>();
  for (var n = segment.x; n < segment.y; n++) {
    let b_at = (n - segment.x + segment.w) * params.rank;
    sum += dy[t * params.dy_stride + n] * vec4<f32>(b[b_at + r], b[b_at + r1], b[b_at + r2], b[b_at + r3]);
  }
  sum *= params.scale;
  let at = t * params.u_stride + segment.z + r;
  du[at] = sum.x;
  if (r + 1u < params.rank) { du[at + 1u] = sum.y; }
  if (r + 2u < params.rank) { du[at + 2u] = sum.z; }
  if (r + 3u < params.rank) { du[at + 3u] = sum.w; }
}
