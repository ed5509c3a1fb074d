// Y = X W^T in large register blocks, without shared memory, for software adapters whose lanes are four: there a load costs
// more than a multiplication, wherever its value is kept. Each invocation makes 16 x 16 outputs and walks along K in vec4s.
// X is [rows, K], W is [columns, K], Y is [rows, columns]; K, and the columns of every segment, must be multiples of 4.
// What is bound of W may be some of its rows: column c of Y takes row c + w_row (which wraps around below zero).
//
// LoRA adds scale * U B^T: U is [rows, u_stride], and up to three projections that share X lie side by side in the
// columns of Y, each a segment (first column, end column, first column of its part of U or NONE, first row of B).
// A residual of the shape of Y may be added. These are uniform branches, not variants: on software adapters a variant costs
// a second to compile.

// include parts/matmul_nt
// include parts/matmul_place
// include parts/matmul_nt_store

const COLUMNS: u32 = 32u; // of a tile

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

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) i: u32) {
  let place = place_of(wid.x);
  let end = place.segment.y;
  // Two invocations along columns, eight along rows: a tile of 128 x 32.
  let row = wid.y * 128u + i / 2u * 16u;
  let column = place.column + i % 2u * 16u;
  if (row >= params.rows || column >= end) { return; }
  let steps = params.inner / 4u;
  let last_row = params.rows - 1u;
  let last_column = end - 1u;
  let at_x0 = min(row + 0u, last_row) * steps;
  let at_x1 = min(row + 1u, last_row) * steps;
  let at_x2 = min(row + 2u, last_row) * steps;
  let at_x3 = min(row + 3u, last_row) * steps;
  let at_x4 = min(row + 4u, last_row) * steps;
  let at_x5 = min(row + 5u, last_row) * steps;
  let at_x6 = min(row + 6u, last_row) * steps;
  let at_x7 = min(row + 7u, last_row) * steps;
  let at_x8 = min(row + 8u, last_row) * steps;
  let at_x9 = min(row + 9u, last_row) * steps;
  let at_x10 = min(row + 10u, last_row) * steps;
  let at_x11 = min(row + 11u, last_row) * steps;
  let at_x12 = min(row + 12u, last_row) * steps;
  let at_x13 = min(row + 13u, last_row) * steps;
  let at_x14 = min(row + 14u, last_row) * steps;
  let at_x15 = min(row + 15u, last_row) * steps;
  let at_w0 = (min(column + 0u, last_column) + params.w_row) * steps;
  let at_w1 = (min(column + 1u, last_column) + params.w_row) * steps;
  let at_w2 = (min(column + 2u, last_column) + params.w_row) * steps;
  let at_w3 = (min(column + 3u, last_column) + params.w_row) * steps;
  let at_w4 = (min(column + 4u, last_column) + params.w_row) * steps;
  let at_w5 = (min(column + 5u, last_column) + params.w_row) * steps;
  let at_w6 = (min(column + 6u, last_column) + params.w_row) * steps;
  let at_w7 = (min(column + 7u, last_column) + params.w_row) * steps;
  let at_w8 = (min(column + 8u, last_column) + params.w_row) * steps;
  let at_w9 = (min(column + 9u, last_column) + params.w_row) * steps;
  let at_w10 = (min(column + 10u, last_column) + params.w_row) * steps;
  let at_w11 = (min(column + 11u, last_column) + params.w_row) * steps;
  let at_w12 = (min(column + 12u, last_column) + params.w_row) * steps;
  let at_w13 = (min(column + 13u, last_column) + params.w_row) * steps;
  let at_w14 = (min(column + 14u, last_column) + params.w_row) * steps;
  let at_w15 = (min(column + 15u, last_column) + params.w_row) * steps;
  var y0_0 = vec4<f32>(); var y0_1 = vec4<f32>(); var y0_2 = vec4<f32>(); var y0_3 = vec4<f32>();
  var y1_0 = vec4<f32>(); var y1_1 = vec4<f32>(); var y1_2 = vec4<f32>(); var y1_3 = vec4<f32>();
  var y2_0 = vec4<f32>(); var y2_1 = vec4<f32>(); var y2_2 = vec4<f32>(); var y2_3 = vec4<f32>();
  var y3_0 = vec4<f32>(); var y3_1 = vec4<f32>(); var y3_2 = vec4<f32>(); var y3_3 = vec4<f32>();
  var y4_0 = vec4<f32>(); var y4_1 = vec4<f32>(); var y4_2 = vec4<f32>(); var y4_3 = vec4<f32>();
  var y5_0 = vec4<f32>(); var y5_1 = vec4<f32>(); var y5_2 = vec4<f32>(); var y5_3 = vec4<f32>();
  var y6_0 = vec4<f32>(); var y6_1 = vec4<f32>(); var y6_2 = vec4<f32>(); var y6_3 = vec4<f32>();
  var y7_0 = vec4<f32>(); var y7_1 = vec4<f32>(); var y7_2 = vec4<f32>(); var y7_3 = vec4<f32>();
  var y8_0 = vec4<f32>(); var y8_1 = vec4<f32>(); var y8_2 = vec4<f32>(); var y8_3 = vec4<f32>();
  var y9_0 = vec4<f32>(); var y9_1 = vec4<f32>(); var y9_2 = vec4<f32>(); var y9_3 = vec4<f32>();
  var y10_0 = vec4<f32>(); var y10_1 = vec4<f32>(); var y10_2 = vec4<f32>(); var y10_3 = vec4<f32>();
  var y11_0 = vec4<f32>(); var y11_1 = vec4<f32>(); var y11_2 = vec4<f32>(); var y11_3 = vec4<f32>();
  var y12_0 = vec4<f32>(); var y12_1 = vec4<f32>(); var y12_2 = vec4<f32>(); var y12_3 = vec4<f32>();
  var y13_0 = vec4<f32>(); var y13_1 = vec4<f32>(); var y13_2 = vec4<f32>(); var y13_3 = vec4<f32>();
  var y14_0 = vec4<f32>(); var y14_1 = vec4<f32>(); var y14_2 = vec4<f32>(); var y14_3 = vec4<f32>();
  var y15_0 = vec4<f32>(); var y15_1 = vec4<f32>(); var y15_2 = vec4<f32>(); var y15_3 = vec4<f32>();
  for (var k = 0u; k < steps; k++) {
    let w0 = weight4(at_w0 + k);
    let w1 = weight4(at_w1 + k);
    let w2 = weight4(at_w2 + k);
    let w3 = weight4(at_w3 + k);
    let w4 = weight4(at_w4 + k);
    let w5 = weight4(at_w5 + k);
    let w6 = weight4(at_w6 + k);
    let w7 = weight4(at_w7 + k);
    let w8 = weight4(at_w8 + k);
    let w9 = weight4(at_w9 + k);
    let w10 = weight4(at_w10 + k);
    let w11 = weight4(at_w11 + k);
    let w12 = weight4(at_w12 + k);
    let w13 = weight4(at_w13 + k);
    let w14 = weight4(at_w14 + k);
    let w15 = weight4(at_w15 + k);
    let x0 = x[at_x0 + k];
    y0_0 += vec4<f32>(dot(x0, w0), dot(x0, w1), dot(x0, w2), dot(x0, w3));
    y0_1 += vec4<f32>(dot(x0, w4), dot(x0, w5), dot(x0, w6), dot(x0, w7));
    y0_2 += vec4<f32>(dot(x0, w8), dot(x0, w9), dot(x0, w10), dot(x0, w11));
    y0_3 += vec4<f32>(dot(x0, w12), dot(x0, w13), dot(x0, w14), dot(x0, w15));
    let x1 = x[at_x1 + k];
    y1_0 += vec4<f32>(dot(x1, w0), dot(x1, w1), dot(x1, w2), dot(x1, w3));
    y1_1 += vec4<f32>(dot(x1, w4), dot(x1, w5), dot(x1, w6), dot(x1, w7));
    y1_2 += vec4<f32>(dot(x1, w8), dot(x1, w9), dot(x1, w10), dot(x1, w11));
    y1_3 += vec4<f32>(dot(x1, w12), dot(x1, w13), dot(x1, w14), dot(x1, w15));
    let x2 = x[at_x2 + k];
    y2_0 += vec4<f32>(dot(x2, w0), dot(x2, w1), dot(x2, w2), dot(x2, w3));
    y2_1 += vec4<f32>(dot(x2, w4), dot(x2, w5), dot(x2, w6), dot(x2, w7));
    y2_2 += vec4<f32>(dot(x2, w8), dot(x2, w9), dot(x2, w10), dot(x2, w11));
    y2_3 += vec4<f32>(dot(x2, w12), dot(x2, w13), dot(x2, w14), dot(x2, w15));
    let x3 = x[at_x3 + k];
    y3_0 += vec4<f32>(dot(x3, w0), dot(x3, w1), dot(x3, w2), dot(x3, w3));
    y3_1 += vec4<f32>(dot(x3, w4), dot(x3, w5), dot(x3, w6), dot(x3, w7));
    y3_2 += vec4<f32>(dot(x3, w8), dot(x3, w9), dot(x3, w10), dot(x3, w11));
    y3_3 += vec4<f32>(dot(x3, w12), dot(x3, w13), dot(x3, w14), dot(x3, w15));
    let x4 = x[at_x4 + k];
    y4_0 += vec4<f32>(dot(x4, w0), dot(x4, w1), dot(x4, w2), dot(x4, w3));
    y4_1 += vec4<f32>(dot(x4, w4), dot(x4, w5), dot(x4, w6), dot(x4, w7));
    y4_2 += vec4<f32>(dot(x4, w8), dot(x4, w9), dot(x4, w10), dot(x4, w11));
    y4_3 += vec4<f32>(dot(x4, w12), dot(x4, w13), dot(x4, w14), dot(x4, w15));
    let x5 = x[at_x5 + k];
    y5_0 += vec4<f32>(dot(x5, w0), dot(x5, w1), dot(x5, w2), dot(x5, w3));
    y5_1 += vec4<f32>(dot(x5, w4), dot(x5, w5), dot(x5, w6), dot(x5, w7));
    y5_2 += vec4<f32>(dot(x5, w8), dot(x5, w9), dot(x5, w10), dot(x5, w11));
    y5_3 += vec4<f32>(dot(x5, w12), dot(x5, w13), dot(x5, w14), dot(x5, w15));
    let x6 = x[at_x6 + k];
    y6_0 += vec4<f32>(dot(x6, w0), dot(x6, w1), dot(x6, w2), dot(x6, w3));
    y6_1 += vec4<f32>(dot(x6, w4), dot(x6, w5), dot(x6, w6), dot(x6, w7));
    y6_2 += vec4<f32>(dot(x6, w8), dot(x6, w9), dot(x6, w10), dot(x6, w11));
    y6_3 += vec4<f32>(dot(x6, w12), dot(x6, w13), dot(x6, w14), dot(x6, w15));
    let x7 = x[at_x7 + k];
    y7_0 += vec4<f32>(dot(x7, w0), dot(x7, w1), dot(x7, w2), dot(x7, w3));
    y7_1 += vec4<f32>(dot(x7, w4), dot(x7, w5), dot(x7, w6), dot(x7, w7));
    y7_2 += vec4<f32>(dot(x7, w8), dot(x7, w9), dot(x7, w10), dot(x7, w11));
    y7_3 += vec4<f32>(dot(x7, w12), dot(x7, w13), dot(x7, w14), dot(x7, w15));
    let x8 = x[at_x8 + k];
    y8_0 += vec4<f32>(dot(x8, w0), dot(x8, w1), dot(x8, w2), dot(x8, w3));
    y8_1 += vec4<f32>(dot(x8, w4), dot(x8, w5), dot(x8, w6), dot(x8, w7));
    y8_2 += vec4<f32>(dot(x8, w8), dot(x8, w9), dot(x8, w10), dot(x8, w11));
    y8_3 += vec4<f32>(dot(x8, w12), dot(x8, w13), dot(x8, w14), dot(x8, w15));
    let x9 = x[at_x9 + k];
    y9_0 += vec4<f32>(dot(x9, w0), dot(x9, w1), dot(x9, w2), dot(x9, w3));
    y9_1 += vec4<f32>(dot(x9, w4), dot(x9, w5), dot(x9, w6), dot(x9, w7));
    y9_2 += vec4<f32>(dot(x9, w8), dot(x9, w9), dot(x9, w10), dot(x9, w11));
    y9_3 += vec4<f32>(dot(x9, w12), dot(x9, w13), dot(x9, w14), dot(x9, w15));
    let x10 = x[at_x10 + k];
    y10_0 += vec4<f32>(dot(x10, w0), dot(x10, w1), dot(x10, w2), dot(x10, w3));
    y10_1 += vec4<f32>(dot(x10, w4), dot(x10, w5), dot(x10, w6), dot(x10, w7));
    y10_2 += vec4<f32>(dot(x10, w8), dot(x10, w9), dot(x10, w10), dot(x10, w11));
    y10_3 += vec4<f32>(dot(x10, w12), dot(x10, w13), dot(x10, w14), dot(x10, w15));
    let x11 = x[at_x11 + k];
    y11_0 += vec4<f32>(dot(x11, w0), dot(x11, w1), dot(x11, w2), dot(x11, w3));
    y11_1 += vec4<f32>(dot(x11, w4), dot(x11, w5), dot(x11, w6), dot(x11, w7));
    y11_2 += vec4<f32>(dot(x11, w8), dot(x11, w9), dot(x11, w10), dot(x11, w11));
    y11_3 += vec4<f32>(dot(x11, w12), dot(x11, w13), dot(x11, w14), dot(x11, w15));
    let x12 = x[at_x12 + k];
    y12_0 += vec4<f32>(dot(x12, w0), dot(x12, w1), dot(x12, w2), dot(x12, w3));
    y12_1 += vec4<f32>(dot(x12, w4), dot(x12, w5), dot(x12, w6), dot(x12, w7));
    y12_2 += vec4<f32>(dot(x12, w8), dot(x12, w9), dot(x12, w10), dot(x12, w11));
    y12_3 += vec4<f32>(dot(x12, w12), dot(x12, w13), dot(x12, w14), dot(x12, w15));
    let x13 = x[at_x13 + k];
    y13_0 += vec4<f32>(dot(x13, w0), dot(x13, w1), dot(x13, w2), dot(x13, w3));
    y13_1 += vec4<f32>(dot(x13, w4), dot(x13, w5), dot(x13, w6), dot(x13, w7));
    y13_2 += vec4<f32>(dot(x13, w8), dot(x13, w9), dot(x13, w10), dot(x13, w11));
    y13_3 += vec4<f32>(dot(x13, w12), dot(x13, w13), dot(x13, w14), dot(x13, w15));
    let x14 = x[at_x14 + k];
    y14_0 += vec4<f32>(dot(x14, w0), dot(x14, w1), dot(x14, w2), dot(x14, w3));
    y14_1 += vec4<f32>(dot(x14, w4), dot(x14, w5), dot(x14, w6), dot(x14, w7));
    y14_2 += vec4<f32>(dot(x14, w8), dot(x14, w9), dot(x14, w10), dot(x14, w11));
    y14_3 += vec4<f32>(dot(x14, w12), dot(x14, w13), dot(x14, w14), dot(x14, w15));
    let x15 = x[at_x15 + k];
    y15_0 += vec4<f32>(dot(x15, w0), dot(x15, w1), dot(x15, w2), dot(x15, w3));
    y15_1 += vec4<f32>(dot(x15, w4), dot(x15, w5), dot(x15, w6), dot(x15, w7));
    y15_2 += vec4<f32>(dot(x15, w8), dot(x15, w9), dot(x15, w10), dot(x15, w11));
    y15_3 += vec4<f32>(dot(x15, w12), dot(x15, w13), dot(x15, w14), dot(x15, w15));
  }
  // Row by row, the values moving up one row each time, so that LoRA's part and the stores are in the source once.
  for (var r = 0u; r < min(16u, params.rows - row); r++) {
    if (place.segment.z != NONE) {
      let b_row = column - place.segment.x + place.segment.w;
      let last_b = place.segment.w + end - 1u - place.segment.x;
      let at_u = (row + r) * params.u_stride + place.segment.z;
      for (var n = 0u; n < params.rank; n++) {
        let u0 = params.scale * u[at_u + n];
        y0_0 += u0 * vec4<f32>(b[min(b_row + 0u, last_b) * params.rank + n], b[min(b_row + 1u, last_b) * params.rank + n], b[min(b_row + 2u, last_b) * params.rank + n], b[min(b_row + 3u, last_b) * params.rank + n]);
        y0_1 += u0 * vec4<f32>(b[min(b_row + 4u, last_b) * params.rank + n], b[min(b_row + 5u, last_b) * params.rank + n], b[min(b_row + 6u, last_b) * params.rank + n], b[min(b_row + 7u, last_b) * params.rank + n]);
        y0_2 += u0 * vec4<f32>(b[min(b_row + 8u, last_b) * params.rank + n], b[min(b_row + 9u, last_b) * params.rank + n], b[min(b_row + 10u, last_b) * params.rank + n], b[min(b_row + 11u, last_b) * params.rank + n]);
        y0_3 += u0 * vec4<f32>(b[min(b_row + 12u, last_b) * params.rank + n], b[min(b_row + 13u, last_b) * params.rank + n], b[min(b_row + 14u, last_b) * params.rank + n], b[min(b_row + 15u, last_b) * params.rank + n]);
      }
    }
    store(row + r, column + 0u, end, y0_0);
    store(row + r, column + 4u, end, y0_1);
    store(row + r, column + 8u, end, y0_2);
    store(row + r, column + 12u, end, y0_3);
    y0_0 = y1_0; y0_1 = y1_1; y0_2 = y1_2; y0_3 = y1_3;
    y1_0 = y2_0; y1_1 = y2_1; y1_2 = y2_2; y1_3 = y2_3;
    y2_0 = y3_0; y2_1 = y3_1; y2_2 = y3_2; y2_3 = y3_3;
    y3_0 = y4_0; y3_1 = y4_1; y3_2 = y4_2; y3_3 = y4_3;
    y4_0 = y5_0; y4_1 = y5_1; y4_2 = y5_2; y4_3 = y5_3;
    y5_0 = y6_0; y5_1 = y6_1; y5_2 = y6_2; y5_3 = y6_3;
    y6_0 = y7_0; y6_1 = y7_1; y6_2 = y7_2; y6_3 = y7_3;
    y7_0 = y8_0; y7_1 = y8_1; y7_2 = y8_2; y7_3 = y8_3;
    y8_0 = y9_0; y8_1 = y9_1; y8_2 = y9_2; y8_3 = y9_3;
    y9_0 = y10_0; y9_1 = y10_1; y9_2 = y10_2; y9_3 = y10_3;
    y10_0 = y11_0; y10_1 = y11_1; y10_2 = y11_2; y10_3 = y11_3;
    y11_0 = y12_0; y11_1 = y12_1; y11_2 = y12_2; y11_3 = y12_3;
    y12_0 = y13_0; y12_1 = y13_1; y12_2 = y13_2; y12_3 = y13_3;
    y13_0 = y14_0; y13_1 = y14_1; y13_2 = y14_2; y13_3 = y14_3;
    y14_0 = y15_0; y14_1 = y15_1; y14_2 = y15_2; y14_3 = y15_3;
  }
}
