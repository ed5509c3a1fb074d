// Y = X W^T in register blocks, without shared memory: for software adapters, whose "threads" are
// SIMD lanes of a CPU with a cache of its own. Each invocation makes 4 x 8 outputs and walks along K in vec4s; of eight
// neighbouring lanes, two lie along columns and four along rows, so that they touch as few rows of X and W as can be.
// X is [rows, K], W is [columns, K], Y is [rows, columns]; K, and the columns of every segment, must be multiples of 4.
// What is bound of W may be some of its rows: column c of Y takes row c + w_row (which wraps around below zero).
//
// LoRA adds scale * U B^T: U is [rows, u_stride], and up to three projections that share X lie side by side in the
// columns of Y, each a segment (first column, end column, first column of its part of U or NONE, first row of B).
// A residual of the shape of Y may be added. These are uniform branches, not variants: on software adapters a variant costs
// a second to compile.

// include parts/matmul_nt
// include parts/matmul_place
// include parts/matmul_store

const COLUMNS: u32 = 64u; // of a tile

@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> residual: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> u: array<f32>;
@group(0) @binding(4) var<storage, read> b: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f32>>;

// weights: f32. For another format these lines are replaced by shaders/weights/<format>.wgsl.
@group(0) @binding(6) var<storage, read> w: array<vec4<f32>>;

// Weights 4 i to 4 i + 3.
fn weight4(i: u32) -> vec4<f32> {
  return w[i];
}
// end of weights

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) i: u32) {
  let place = place_of(wid.x);
  let end = place.segment.y;
  // Eight blocks of eight lanes, two along rows and four along columns: a tile of 32 x 64.
  let row = wid.y * 32u + (i / 32u * 4u + i / 2u % 4u) * 4u;
  let column = place.column + (i / 8u % 4u * 2u + i % 2u) * 8u;
  if (row >= params.rows || column >= end) { return; }
  let steps = params.inner / 4u;
  let last_row = params.rows - 1u;
  let last_column = end - 1u;
  let at_x0 = min(row + 0u, last_row) * steps;
  let at_x1 = min(row + 1u, last_row) * steps;
  let at_x2 = min(row + 2u, last_row) * steps;
  let at_x3 = min(row + 3u, last_row) * steps;
  let at_w0 = (min(column + 0u, last_column) + params.w_row) * steps;
  let at_w1 = (min(column + 1u, last_column) + params.w_row) * steps;
  let at_w2 = (min(column + 2u, last_column) + params.w_row) * steps;
  let at_w3 = (min(column + 3u, last_column) + params.w_row) * steps;
  let at_w4 = (min(column + 4u, last_column) + params.w_row) * steps;
  let at_w5 = (min(column + 5u, last_column) + params.w_row) * steps;
  let at_w6 = (min(column + 6u, last_column) + params.w_row) * steps;
  let at_w7 = (min(column + 7u, last_column) + params.w_row) * steps;
  var lo0 = vec4<f32>();
  var hi0 = vec4<f32>();
  var lo1 = vec4<f32>();
  var hi1 = vec4<f32>();
  var lo2 = vec4<f32>();
  var hi2 = vec4<f32>();
  var lo3 = vec4<f32>();
  var hi3 = vec4<f32>();
  for (var k = 0u; k < steps; k++) {
    let w0 = weight4(at_w0 + k);
    let w1 = weight4(at_w1 + k);
    let w2 = weight4(at_w2 + k);
    let w3 = weight4(at_w3 + k);
    let w4 = weight4(at_w4 + k);
    let w5 = weight4(at_w5 + k);
    let w6 = weight4(at_w6 + k);
    let w7 = weight4(at_w7 + k);
    let x0 = x[at_x0 + k];
    lo0 += vec4<f32>(dot(x0, w0), dot(x0, w1), dot(x0, w2), dot(x0, w3));
    hi0 += vec4<f32>(dot(x0, w4), dot(x0, w5), dot(x0, w6), dot(x0, w7));
    let x1 = x[at_x1 + k];
    lo1 += vec4<f32>(dot(x1, w0), dot(x1, w1), dot(x1, w2), dot(x1, w3));
    hi1 += vec4<f32>(dot(x1, w4), dot(x1, w5), dot(x1, w6), dot(x1, w7));
    let x2 = x[at_x2 + k];
    lo2 += vec4<f32>(dot(x2, w0), dot(x2, w1), dot(x2, w2), dot(x2, w3));
    hi2 += vec4<f32>(dot(x2, w4), dot(x2, w5), dot(x2, w6), dot(x2, w7));
    let x3 = x[at_x3 + k];
    lo3 += vec4<f32>(dot(x3, w0), dot(x3, w1), dot(x3, w2), dot(x3, w3));
    hi3 += vec4<f32>(dot(x3, w4), dot(x3, w5), dot(x3, w6), dot(x3, w7));
  }
  if (place.segment.z != NONE) {
    let b_row = column - place.segment.x + place.segment.w;
    let last_b = place.segment.w + end - 1u - place.segment.x;
    let at_u0 = min(row + 0u, last_row) * params.u_stride + place.segment.z;
    let at_u1 = min(row + 1u, last_row) * params.u_stride + place.segment.z;
    let at_u2 = min(row + 2u, last_row) * params.u_stride + place.segment.z;
    let at_u3 = min(row + 3u, last_row) * params.u_stride + place.segment.z;
    let at_b0 = min(b_row + 0u, last_b) * params.rank;
    let at_b1 = min(b_row + 1u, last_b) * params.rank;
    let at_b2 = min(b_row + 2u, last_b) * params.rank;
    let at_b3 = min(b_row + 3u, last_b) * params.rank;
    let at_b4 = min(b_row + 4u, last_b) * params.rank;
    let at_b5 = min(b_row + 5u, last_b) * params.rank;
    let at_b6 = min(b_row + 6u, last_b) * params.rank;
    let at_b7 = min(b_row + 7u, last_b) * params.rank;
    for (var r = 0u; r < params.rank; r++) {
      let b_lo = params.scale * vec4<f32>(b[at_b0 + r], b[at_b1 + r], b[at_b2 + r], b[at_b3 + r]);
      let b_hi = params.scale * vec4<f32>(b[at_b4 + r], b[at_b5 + r], b[at_b6 + r], b[at_b7 + r]);
      let u0 = u[at_u0 + r];
      lo0 += u0 * b_lo;
      hi0 += u0 * b_hi;
      let u1 = u[at_u1 + r];
      lo1 += u1 * b_lo;
      hi1 += u1 * b_hi;
      let u2 = u[at_u2 + r];
      lo2 += u2 * b_lo;
      hi2 += u2 * b_hi;
      let u3 = u[at_u3 + r];
      lo3 += u3 * b_lo;
      hi3 += u3 * b_hi;
    }
  }
  // One guarded store in a loop, the values moving up one place each time: eight stores in a row, or an array picked
  // from by index, take software adapters' compilers seconds.
  for (var s = 0u; s < 2u * min(4u, params.rows - row); s++) {
    store(row + s / 2u, column + (s % 2u) * 4u, end, lo0);
    lo0 = hi0;
    hi0 = lo1;
    lo1 = hi1;
    hi1 = lo2;
    lo2 = hi2;
    hi2 = lo3;
    lo3 = hi3;
  }
}
