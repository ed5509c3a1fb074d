// dB += s dY^T U and dA += dU^T X without shared memory: for software adapters. Both contract over tokens, in order, and are
// products of a wide matrix (dY or X) with a thin one (U or dU): one invocation makes four columns of the wide one times
// eight of the thin one. Workgroups z below `segments` make B of a projection, whose segment is
// (first column of dY, end column, first column of U, first row of B); the last makes A of all of them.

// Four columns of dY or X at a time; f32 where their widths or the bounds of segments are no multiples of four.
alias Value = vec4<f32>;
// Four columns of U or dU at a time; f32 where the rank is no multiple of four.
alias Ranks = vec4<f32>;

struct Params {
  rows: u32,
  segments: u32,
  dy_stride: u32, // in Values, as are inner and the columns of segments
  inner: u32,
  elements: u32, // of a Value
  rank: u32, // in Ranks, as are u_stride and the columns of U
  ranks: u32, // of a Ranks
  u_stride: u32,
  halves: u32, // 2, of the rank columns of an invocation
  scale: f32,
  segment0: vec4<u32>,
  segment1: vec4<u32>,
  segment2: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Value>;
@group(0) @binding(2) var<storage, read> u: array<Ranks>;
@group(0) @binding(3) var<storage, read> x: array<Value>;
@group(0) @binding(4) var<storage, read> du: array<Ranks>;
@group(0) @binding(5) var<storage, read_write> grad_b: array<f32>;
@group(0) @binding(6) var<storage, read_write> grad_a: array<f32>;

// Columns of dU, or of U times the scale.
fn thin_at(is_a: bool, at: u32) -> vec4<f32> {
  if (is_a) { return vec4<f32>(du[at]); }
  return params.scale * vec4<f32>(u[at]);
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let is_a = wid.z == params.segments;
  var segment = params.segment0;
  if (wid.z == 1u) { segment = params.segment1; }
  if (wid.z == 2u) { segment = params.segment2; }
  if (is_a) { segment = vec4<u32>(0u, params.inner, 0u, 0u); }
  let column = segment.x + wid.x * 32u + lane;
  let thin_columns = select(params.rank, params.u_stride, is_a);
  let first_thin = params.halves * wid.y;
  if (column >= segment.y || first_thin >= thin_columns) { return; }
  let last_thin = thin_columns - 1u;
  // By rank column, of four columns each.
  var sum0 = Value();
  var sum1 = Value();
  var sum2 = Value();
  var sum3 = Value();
  var sum4 = Value();
  var sum5 = Value();
  var sum6 = Value();
  var sum7 = Value();
  for (var t = 0u; t < params.rows; t++) {
    var wide = Value();
    if (is_a) { wide = x[t * params.inner + column]; } else { wide = dy[t * params.dy_stride + column]; }
    let thin_lo = thin_at(is_a, t * params.u_stride + segment.z + first_thin);
    let thin_hi = thin_at(is_a, t * params.u_stride + segment.z + min(first_thin + 1u, last_thin));
    sum0 += thin_lo.x * wide;
    sum1 += thin_lo.y * wide;
    sum2 += thin_lo.z * wide;
    sum3 += thin_lo.w * wide;
    sum4 += thin_hi.x * wide;
    sum5 += thin_hi.y * wide;
    sum6 += thin_hi.z * wide;
    sum7 += thin_hi.w * wide;
  }
  // One guarded update in a loop, the values moving up one place each time: thirty-two in a row take software adapters'
  // compilers seconds.
  for (var half = first_thin; half < min(first_thin + params.halves, thin_columns); half++) {
    for (var r = half * params.ranks; r < (half + 1u) * params.ranks; r++) {
      var values = vec4<f32>(sum0);
      let n0 = (column - segment.x) * params.elements;
      for (var n = n0; n < n0 + params.elements; n++) {
        if (is_a) {
          grad_a[r * params.inner * params.elements + n] += values.x;
        } else {
          grad_b[(segment.w + n) * params.rank * params.ranks + r] += values.x;
        }
        values = vec4<f32>(values.yzw, 0.0);
      }
      sum0 = sum1;
      sum1 = sum2;
      sum2 = sum3;
      if (params.ranks > 1u) { sum3 = sum4; } else { sum0 = sum4; }
      sum4 = sum5;
      sum5 = sum6;
      sum6 = sum7;
    }
  }
}
