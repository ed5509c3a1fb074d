// dU = s dY B for GPUs: a workgroup of 16 x 16 makes 32 tokens of up to 16 rank columns of a projection. 16 neighbouring
// invocations read neighbouring columns of dY, each of two tokens, with the rows of B in shared memory; their sums are
// added up in the end, in order. So dY is read once. Segments: as in down_gradient_register.wgsl.

// Columns of dU of a workgroup, in Ranks.
const BLOCKS: u32 = 2u;
// Four columns of dY at a time; f32 where the bounds of segments are no multiples of four.
alias Value = vec4<f32>;
const ELEMENTS: u32 = 4u;
// Four rank columns at a time; f32 where the rank is no multiple of four.
alias Ranks = vec4<f32>;

struct Params {
  rows: u32,
  dy_stride: u32, // in Values, as are the columns of segments
  rank: u32, // in Ranks, as are u_stride and the columns of dU
  u_stride: u32,
  scale: f32,
  tile: u32, // 16; no constant, or compilers unroll the loop
  segment0: vec4<u32>,
  segment1: vec4<u32>,
  segment2: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<Value>;
@group(0) @binding(2) var<storage, read> b: array<Ranks>;
@group(0) @binding(3) var<storage, read_write> du: array<Ranks>;

// Of 16 columns of dY, in Values, the rows of B.
var<workgroup> b_tile: array<array<array<Ranks, BLOCKS>, ELEMENTS>, 16>;
// Of 16 tokens and 16 lanes.
var<workgroup> partial: array<array<Ranks, 16>, 16>;

fn dy_at(row: u32, column: u32, end: u32) -> Value {
  if (row >= params.rows || column >= end) { return Value(); }
  return dy[row * params.dy_stride + column];
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  var segment = params.segment0;
  if (wid.z == 1u) { segment = params.segment1; }
  if (wid.z == 2u) { segment = params.segment2; }
  let row = wid.x * 32u + lid.y;
  let first_rank = wid.y * BLOCKS;
  var sums0: array<Ranks, BLOCKS>;
  var sums1: array<Ranks, BLOCKS>;
  for (var n = segment.x; n < segment.y; n += 16u) {
    if (lane < 16u * ELEMENTS * BLOCKS) {
      let column = lane / (ELEMENTS * BLOCKS);
      let element = lane / BLOCKS % ELEMENTS;
      let r = first_rank + lane % BLOCKS;
      var value = Ranks();
      if (n + column < segment.y && r < params.rank) {
        value = b[(segment.w + (n + column - segment.x) * ELEMENTS + element) * params.rank + r];
      }
      b_tile[column][element][lane % BLOCKS] = value;
    }
    workgroupBarrier();
    let v0 = vec4<f32>(dy_at(row, n + lid.x, segment.y));
    let v1 = vec4<f32>(dy_at(row + 16u, n + lid.x, segment.y));
    for (var e = 0u; e < ELEMENTS; e++) {
      for (var k = 0u; k < BLOCKS; k++) {
        let value = b_tile[lid.x][e][k];
        sums0[k] += v0[e] * value;
        sums1[k] += v1[e] * value;
      }
    }
    workgroupBarrier();
  }
  // One at a time, the others moving up one place: written out for each they take compilers long.
  let end = min(params.rank - first_rank, BLOCKS);
  for (var i = 0u; i < 2u * end; i++) {
    partial[lid.y][lid.x] = sums0[0];
    for (var k = 1u; k < BLOCKS; k++) { sums0[k - 1u] = sums0[k]; }
    if (i + 1u == end) { sums0 = sums1; }
    workgroupBarrier();
    let t = row + select(0u, 16u, i >= end);
    if (lid.x == 0u && t < params.rows) {
      var sum = Ranks();
      for (var l = 0u; l < params.tile; l++) { sum += partial[lid.y][l]; }
      du[t * params.u_stride + segment.z + first_rank + i % end] = params.scale * sum;
    }
    workgroupBarrier();
  }
}
