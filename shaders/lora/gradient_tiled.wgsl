// dB += s dY^T U and dA += dU^T X for GPUs: products over tokens of a wide matrix (dY or X) with a thin one (U or dU). A
// workgroup of 16 x 16 makes 64 columns of the wide one, of which 16 neighbouring invocations read neighbouring ones,
// times up to 16 of the thin one, which lies in shared memory 64 tokens at a time. Tokens are dealt out to 16 rows of
// invocations, whose sums are added up in the end, in order. Workgroups z: as in gradient_register.wgsl.

// Columns of the thin matrix of a workgroup, in Ranks.
const BLOCKS: u32 = 2u;
// Four columns of dY or X at a time; f32 where their widths or the bounds of segments are no multiples of four.
alias Value = vec4<f32>;
// Four columns of U or dU at a time; f32 where the rank is no multiple of four.
alias Ranks = vec4<f32>;
const RANKS: u32 = 4u;

struct Params {
  rows: u32,
  segments: u32,
  dy_stride: u32, // in Values, as are inner and the columns of segments
  inner: u32,
  elements: u32, // of a Value
  rank: u32, // in Ranks, as are u_stride and the columns of U
  u_stride: u32,
  scale: f32,
  tile: u32, // 16; no constant, or compilers unroll the loop
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

var<workgroup> thin_tile: array<array<Ranks, BLOCKS>, 64>;
// Of 16 rows of invocations and 16 Values of columns.
var<workgroup> partial: array<array<Value, 16>, 16>;

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let is_a = wid.z == params.segments;
  var segment = params.segment0;
  if (wid.z == 1u) { segment = params.segment1; }
  if (wid.z == 2u) { segment = params.segment2; }
  if (is_a) { segment = vec4<u32>(0u, params.inner, 0u, 0u); }
  let thin_columns = select(params.rank, params.u_stride, is_a);
  let first_thin = wid.y * BLOCKS;
  if (segment.x + wid.x * 16u >= segment.y || first_thin >= thin_columns) { return; }
  let column = segment.x + wid.x * 16u + lid.x;
  let read_column = min(column, segment.y - 1u);
  var sums: array<Value, BLOCKS * RANKS>;
  for (var t0 = 0u; t0 < params.rows; t0 += 64u) {
    if (lane < 64u * BLOCKS) {
      let t = t0 + lane / BLOCKS;
      let r = first_thin + lane % BLOCKS;
      var value = Ranks();
      if (t < params.rows && r < thin_columns) {
        let at = t * params.u_stride + segment.z + r;
        if (is_a) {
          value = du[at];
        } else {
          value = params.scale * u[at];
        }
      }
      thin_tile[lane / BLOCKS][lane % BLOCKS] = value;
    }
    workgroupBarrier();
    for (var i = lid.y; i < min(64u, params.rows - t0); i += 16u) {
      var wide = Value();
      if (is_a) {
        wide = x[(t0 + i) * params.inner + read_column];
      } else {
        wide = dy[(t0 + i) * params.dy_stride + read_column];
      }
      for (var k = 0u; k < BLOCKS; k++) {
        let thin = vec4<f32>(thin_tile[i][k]);
        for (var r = 0u; r < RANKS; r++) { sums[k * RANKS + r] += thin[r] * wide; }
      }
    }
    workgroupBarrier();
  }
  // One at a time, the others moving up one place: written out for each they take compilers long.
  let first = first_thin * RANKS;
  let end = min(thin_columns, first_thin + BLOCKS) * RANKS;
  for (var r = first; r < end; r++) {
    partial[lid.y][lid.x] = sums[0];
    for (var k = 1u; k < BLOCKS * RANKS; k++) { sums[k - 1u] = sums[k]; }
    workgroupBarrier();
    if (lid.y < params.elements && column < segment.y) {
      var sum = 0.0;
      for (var i = 0u; i < params.tile; i++) { sum += vec4<f32>(partial[i][lid.x])[lid.y]; }
      let n = (column - segment.x) * params.elements + lid.y;
      if (is_a) {
        grad_a[r * params.inner * params.elements + n] += sum;
      } else {
        grad_b[(segment.w + n) * params.rank * RANKS + r] += sum;
      }
    }
    workgroupBarrier();
  }
}
