// Products in large register blocks, without shared memory, for software adapters whose lanes are four: there a load costs more
// than a multiplication, wherever its value is kept. Each invocation makes 16 x 16 outputs and walks along K four by four.
// Y = X W^T and dX = dY W by this one kernel, which takes such adapters' compilers a third of a second: of W it loads 16 vec4s
// at a time, which lie along K, or along columns; these it turns.
//
// Y[row, column] = sum_k X[row, k] W[column, k]; of X the vec4 of row i and of 4 k lies at x_first + i * x_line + k, of W that
// of column i at w_first + i * w_line + k, or, turned, that of columns 4 i and of k at w_first + i + k * w_step. K and the
// columns of every segment must be multiples of 4. First elements wrap around below zero.
//
// LoRA adds scale * U B^T: segments, U and residual as in nt_register.wgsl, B of any strides. What is done to products as they
// are stored, params.adds says. These are uniform branches, not variants.

// include parts/matmul_strided
// include parts/matmul_place
// include parts/matmul_store

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

fn put(row: u32, column: u32, end: u32, value: vec4<f32>, present: vec4<u32>) {
  if (column >= end) { return; }
  let at = (row * params.columns + column) / 4u;
  y[at] = value + bitcast<vec4<f32>>(bitcast<vec4<u32>>(y[at]) & present);
}

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) i: u32) {
  let place = place_of(wid.x);
  let end = place.segment.y;
  // Two invocations along columns, eight along rows: a tile of 128 x 32.
  let row = wid.y * 128u + i / 2u * 16u;
  let column = place.column + i % 2u * 16u;
  if (row >= params.rows || column >= end) { return; }
  let turned = params.turned != 0u;
  let last_row = params.rows - 1u;
  let last_column = end - 1u;
  let first4 = column / 4u;
  let last4 = last_column / 4u;
  let at_x0 = min(row + 0u, last_row) * params.x_line + params.x_first;
  let at_x1 = min(row + 1u, last_row) * params.x_line + params.x_first;
  let at_x2 = min(row + 2u, last_row) * params.x_line + params.x_first;
  let at_x3 = min(row + 3u, last_row) * params.x_line + params.x_first;
  let at_x4 = min(row + 4u, last_row) * params.x_line + params.x_first;
  let at_x5 = min(row + 5u, last_row) * params.x_line + params.x_first;
  let at_x6 = min(row + 6u, last_row) * params.x_line + params.x_first;
  let at_x7 = min(row + 7u, last_row) * params.x_line + params.x_first;
  let at_x8 = min(row + 8u, last_row) * params.x_line + params.x_first;
  let at_x9 = min(row + 9u, last_row) * params.x_line + params.x_first;
  let at_x10 = min(row + 10u, last_row) * params.x_line + params.x_first;
  let at_x11 = min(row + 11u, last_row) * params.x_line + params.x_first;
  let at_x12 = min(row + 12u, last_row) * params.x_line + params.x_first;
  let at_x13 = min(row + 13u, last_row) * params.x_line + params.x_first;
  let at_x14 = min(row + 14u, last_row) * params.x_line + params.x_first;
  let at_x15 = min(row + 15u, last_row) * params.x_line + params.x_first;
  let at_w0 = select(min(column + 0u, last_column) * params.w_line, 0u * params.w_step + min(first4 + 0u, last4), turned) + params.w_first;
  let at_w1 = select(min(column + 1u, last_column) * params.w_line, 0u * params.w_step + min(first4 + 1u, last4), turned) + params.w_first;
  let at_w2 = select(min(column + 2u, last_column) * params.w_line, 0u * params.w_step + min(first4 + 2u, last4), turned) + params.w_first;
  let at_w3 = select(min(column + 3u, last_column) * params.w_line, 0u * params.w_step + min(first4 + 3u, last4), turned) + params.w_first;
  let at_w4 = select(min(column + 4u, last_column) * params.w_line, 1u * params.w_step + min(first4 + 0u, last4), turned) + params.w_first;
  let at_w5 = select(min(column + 5u, last_column) * params.w_line, 1u * params.w_step + min(first4 + 1u, last4), turned) + params.w_first;
  let at_w6 = select(min(column + 6u, last_column) * params.w_line, 1u * params.w_step + min(first4 + 2u, last4), turned) + params.w_first;
  let at_w7 = select(min(column + 7u, last_column) * params.w_line, 1u * params.w_step + min(first4 + 3u, last4), turned) + params.w_first;
  let at_w8 = select(min(column + 8u, last_column) * params.w_line, 2u * params.w_step + min(first4 + 0u, last4), turned) + params.w_first;
  let at_w9 = select(min(column + 9u, last_column) * params.w_line, 2u * params.w_step + min(first4 + 1u, last4), turned) + params.w_first;
  let at_w10 = select(min(column + 10u, last_column) * params.w_line, 2u * params.w_step + min(first4 + 2u, last4), turned) + params.w_first;
  let at_w11 = select(min(column + 11u, last_column) * params.w_line, 2u * params.w_step + min(first4 + 3u, last4), turned) + params.w_first;
  let at_w12 = select(min(column + 12u, last_column) * params.w_line, 3u * params.w_step + min(first4 + 0u, last4), turned) + params.w_first;
  let at_w13 = select(min(column + 13u, last_column) * params.w_line, 3u * params.w_step + min(first4 + 1u, last4), turned) + params.w_first;
  let at_w14 = select(min(column + 14u, last_column) * params.w_line, 3u * params.w_step + min(first4 + 2u, last4), turned) + params.w_first;
  let at_w15 = select(min(column + 15u, last_column) * params.w_line, 3u * params.w_step + min(first4 + 3u, last4), turned) + params.w_first;
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
  let step = select(1u, 4u * params.w_step, turned);
  for (var k = 0u; k < params.inner / 4u; k++) {
    let w_k = k * step;
    let l0 = weight4(at_w0 + w_k);
    let l1 = weight4(at_w1 + w_k);
    let l2 = weight4(at_w2 + w_k);
    let l3 = weight4(at_w3 + w_k);
    let l4 = weight4(at_w4 + w_k);
    let l5 = weight4(at_w5 + w_k);
    let l6 = weight4(at_w6 + w_k);
    let l7 = weight4(at_w7 + w_k);
    let l8 = weight4(at_w8 + w_k);
    let l9 = weight4(at_w9 + w_k);
    let l10 = weight4(at_w10 + w_k);
    let l11 = weight4(at_w11 + w_k);
    let l12 = weight4(at_w12 + w_k);
    let l13 = weight4(at_w13 + w_k);
    let l14 = weight4(at_w14 + w_k);
    let l15 = weight4(at_w15 + w_k);
    let w0 = select(l0, vec4<f32>(l0.x, l4.x, l8.x, l12.x), turned);
    let w1 = select(l1, vec4<f32>(l0.y, l4.y, l8.y, l12.y), turned);
    let w2 = select(l2, vec4<f32>(l0.z, l4.z, l8.z, l12.z), turned);
    let w3 = select(l3, vec4<f32>(l0.w, l4.w, l8.w, l12.w), turned);
    let w4 = select(l4, vec4<f32>(l1.x, l5.x, l9.x, l13.x), turned);
    let w5 = select(l5, vec4<f32>(l1.y, l5.y, l9.y, l13.y), turned);
    let w6 = select(l6, vec4<f32>(l1.z, l5.z, l9.z, l13.z), turned);
    let w7 = select(l7, vec4<f32>(l1.w, l5.w, l9.w, l13.w), turned);
    let w8 = select(l8, vec4<f32>(l2.x, l6.x, l10.x, l14.x), turned);
    let w9 = select(l9, vec4<f32>(l2.y, l6.y, l10.y, l14.y), turned);
    let w10 = select(l10, vec4<f32>(l2.z, l6.z, l10.z, l14.z), turned);
    let w11 = select(l11, vec4<f32>(l2.w, l6.w, l10.w, l14.w), turned);
    let w12 = select(l12, vec4<f32>(l3.x, l7.x, l11.x, l15.x), turned);
    let w13 = select(l13, vec4<f32>(l3.y, l7.y, l11.y, l15.y), turned);
    let w14 = select(l14, vec4<f32>(l3.z, l7.z, l11.z, l15.z), turned);
    let w15 = select(l15, vec4<f32>(l3.w, l7.w, l11.w, l15.w), turned);
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
  // Row by row, the values moving up one row each time. What is present is masked away, without a branch, where it does not count;
  // all else is done in a second loop, over Y: with branches amid these stores SwiftShader makes the loop over K a tenth slower.
  let present = vec4<u32>(select(0u, 0xffffffffu, params.adds == PRESENT));
  for (var r = row; r < min(row + 16u, params.rows); r++) {
    put(r, column, end, y0_0, present);
    put(r, column + 4u, end, y0_1, present);
    put(r, column + 8u, end, y0_2, present);
    put(r, column + 12u, end, y0_3, present);
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
  if (place.segment.z == NONE && params.adds != RESIDUAL && params.adds != GRADIENT) { return; }
  for (var r = row; r < min(row + 16u, params.rows); r++) {
    for (var c = column; c < min(column + 16u, end); c += 4u) {
      let at = (r * params.columns + c) / 4u;
      var sum = y[at];
      if (place.segment.z != NONE) {
        let at_u = r * params.u_stride + place.segment.z;
        let first_b = (c - place.segment.x + place.segment.w) * params.b_line;
        for (var n = 0u; n < params.rank; n++) {
          let at_b = first_b + n * params.b_step;
          let bs = vec4<f32>(b[at_b], b[at_b + params.b_line], b[at_b + 2u * params.b_line], b[at_b + 3u * params.b_line]);
          sum += params.scale * u[at_u + n] * bs;
        }
      }
      y[at] = changed(r, c, at, sum);
    }
  }
}
