// Y = X W^T for f32 weights in register blocks, without shared memory: for software adapters, whose "threads" are
// SIMD lanes of a CPU with a cache of its own. Each invocation makes 8 x 8 outputs and walks along K in vec4s.
// X is [rows, K], W is [columns, K], Y is [rows, columns]; K must be a multiple of 4.
//
// LoRA adds scale * U B^T: U is [rows, u_stride], and up to three projections that share X lie side by side in the
// columns of Y, each a segment (first column, end column, first column of its part of U or NONE, first row of B).
// A residual of the shape of Y may be added. row_lanes lays neighbouring lanes along rows (few columns) or along columns
// (few rows). All of these are uniform branches, not variants: on software adapters a variant costs a second to compile.

const NONE: u32 = 0xffffffffu;

struct Params {
  rows: u32,
  columns: u32,
  inner: u32, // K
  rank: u32,
  u_stride: u32,
  scale: f32,
  has_residual: u32,
  row_lanes: u32,
  segment0: vec4<u32>,
  segment1: vec4<u32>,
  segment2: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> w: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read> u: array<f32>;
@group(0) @binding(5) var<storage, read> b: array<f32>;
@group(0) @binding(6) var<storage, read_write> y: array<f32>;

// The segment that column tile `tile` lies in, and the tile's first column: tiles never straddle two segments.
struct Place {
  segment: vec4<u32>,
  column: u32,
}

fn place_of(tile: u32) -> Place {
  let tiles0 = (params.segment0.y - params.segment0.x + 63u) / 64u;
  let tiles1 = (params.segment1.y - params.segment1.x + 63u) / 64u;
  if (tile < tiles0) { return Place(params.segment0, params.segment0.x + tile * 64u); }
  if (tile < tiles0 + tiles1) { return Place(params.segment1, params.segment1.x + (tile - tiles0) * 64u); }
  return Place(params.segment2, params.segment2.x + (tile - tiles0 - tiles1) * 64u);
}

fn store(row: u32, column: u32, end: u32, segment: vec4<u32>, value: f32) {
  if (row >= params.rows || column >= end) { return; }
  var sum = value;
  if (segment.z != NONE) {
    let u_at = row * params.u_stride + segment.z;
    let b_at = (column - segment.x + segment.w) * params.rank;
    var low_rank = 0.0;
    for (var r = 0u; r < params.rank; r++) { low_rank += u[u_at + r] * b[b_at + r]; }
    sum += params.scale * low_rank;
  }
  let at = row * params.columns + column;
  if (params.has_residual != 0u) { sum += residual[at]; }
  y[at] = sum;
}

fn store4(row: u32, column: u32, end: u32, segment: vec4<u32>, values: vec4<f32>) {
  store(row, column, end, segment, values.x);
  store(row, column + 1u, end, segment, values.y);
  store(row, column + 2u, end, segment, values.z);
  store(row, column + 3u, end, segment, values.w);
}

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let place = place_of(wid.x);
  let end = place.segment.y;
  let row = wid.y * 64u + select(lid.y, lid.x, params.row_lanes != 0u) * 8u;
  let column = place.column + select(lid.x, lid.y, params.row_lanes != 0u) * 8u;
  if (row >= params.rows || column >= end) { return; }
  let steps = params.inner / 4u;
  let last_row = params.rows - 1u;
  let last_column = params.columns - 1u;
  let at_x0 = min(row + 0u, last_row) * steps;
  let at_x1 = min(row + 1u, last_row) * steps;
  let at_x2 = min(row + 2u, last_row) * steps;
  let at_x3 = min(row + 3u, last_row) * steps;
  let at_x4 = min(row + 4u, last_row) * steps;
  let at_x5 = min(row + 5u, last_row) * steps;
  let at_x6 = min(row + 6u, last_row) * steps;
  let at_x7 = min(row + 7u, last_row) * steps;
  let at_w0 = min(column + 0u, last_column) * steps;
  let at_w1 = min(column + 1u, last_column) * steps;
  let at_w2 = min(column + 2u, last_column) * steps;
  let at_w3 = min(column + 3u, last_column) * steps;
  let at_w4 = min(column + 4u, last_column) * steps;
  let at_w5 = min(column + 5u, last_column) * steps;
  let at_w6 = min(column + 6u, last_column) * steps;
  let at_w7 = min(column + 7u, last_column) * steps;
  var lo0 = vec4<f32>();
  var hi0 = vec4<f32>();
  var lo1 = vec4<f32>();
  var hi1 = vec4<f32>();
  var lo2 = vec4<f32>();
  var hi2 = vec4<f32>();
  var lo3 = vec4<f32>();
  var hi3 = vec4<f32>();
  var lo4 = vec4<f32>();
  var hi4 = vec4<f32>();
  var lo5 = vec4<f32>();
  var hi5 = vec4<f32>();
  var lo6 = vec4<f32>();
  var hi6 = vec4<f32>();
  var lo7 = vec4<f32>();
  var hi7 = vec4<f32>();
  for (var k = 0u; k < steps; k++) {
    let x0 = x[at_x0 + k];
    let x1 = x[at_x1 + k];
    let x2 = x[at_x2 + k];
    let x3 = x[at_x3 + k];
    let x4 = x[at_x4 + k];
    let x5 = x[at_x5 + k];
    let x6 = x[at_x6 + k];
    let x7 = x[at_x7 + k];
    let w0 = w[at_w0 + k];
    let w1 = w[at_w1 + k];
    let w2 = w[at_w2 + k];
    let w3 = w[at_w3 + k];
    let w4 = w[at_w4 + k];
    let w5 = w[at_w5 + k];
    let w6 = w[at_w6 + k];
    let w7 = w[at_w7 + k];
    lo0 += vec4<f32>(dot(x0, w0), dot(x0, w1), dot(x0, w2), dot(x0, w3));
    hi0 += vec4<f32>(dot(x0, w4), dot(x0, w5), dot(x0, w6), dot(x0, w7));
    lo1 += vec4<f32>(dot(x1, w0), dot(x1, w1), dot(x1, w2), dot(x1, w3));
    hi1 += vec4<f32>(dot(x1, w4), dot(x1, w5), dot(x1, w6), dot(x1, w7));
    lo2 += vec4<f32>(dot(x2, w0), dot(x2, w1), dot(x2, w2), dot(x2, w3));
    hi2 += vec4<f32>(dot(x2, w4), dot(x2, w5), dot(x2, w6), dot(x2, w7));
    lo3 += vec4<f32>(dot(x3, w0), dot(x3, w1), dot(x3, w2), dot(x3, w3));
    hi3 += vec4<f32>(dot(x3, w4), dot(x3, w5), dot(x3, w6), dot(x3, w7));
    lo4 += vec4<f32>(dot(x4, w0), dot(x4, w1), dot(x4, w2), dot(x4, w3));
    hi4 += vec4<f32>(dot(x4, w4), dot(x4, w5), dot(x4, w6), dot(x4, w7));
    lo5 += vec4<f32>(dot(x5, w0), dot(x5, w1), dot(x5, w2), dot(x5, w3));
    hi5 += vec4<f32>(dot(x5, w4), dot(x5, w5), dot(x5, w6), dot(x5, w7));
    lo6 += vec4<f32>(dot(x6, w0), dot(x6, w1), dot(x6, w2), dot(x6, w3));
    hi6 += vec4<f32>(dot(x6, w4), dot(x6, w5), dot(x6, w6), dot(x6, w7));
    lo7 += vec4<f32>(dot(x7, w0), dot(x7, w1), dot(x7, w2), dot(x7, w3));
    hi7 += vec4<f32>(dot(x7, w4), dot(x7, w5), dot(x7, w6), dot(x7, w7));
  }
  store4(row + 0u, column, end, place.segment, lo0);
  store4(row + 0u, column + 4u, end, place.segment, hi0);
  store4(row + 1u, column, end, place.segment, lo1);
  store4(row + 1u, column + 4u, end, place.segment, hi1);
  store4(row + 2u, column, end, place.segment, lo2);
  store4(row + 2u, column + 4u, end, place.segment, hi2);
  store4(row + 3u, column, end, place.segment, lo3);
  store4(row + 3u, column + 4u, end, place.segment, hi3);
  store4(row + 4u, column, end, place.segment, lo4);
  store4(row + 4u, column + 4u, end, place.segment, hi4);
  store4(row + 5u, column, end, place.segment, lo5);
  store4(row + 5u, column + 4u, end, place.segment, hi5);
  store4(row + 6u, column, end, place.segment, lo6);
  store4(row + 6u, column + 4u, end, place.segment, hi6);
  store4(row + 7u, column, end, place.segment, lo7);
  store4(row + 7u, column + 4u, end, place.segment, hi7);
}
