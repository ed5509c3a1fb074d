// X' = dY W (+ dU A) in large register blocks, without shared memory, for software adapters whose lanes are four: see
// nt_register16.wgsl. Each invocation makes 16 rows x 16 columns and walks along the sum four terms at a time.
// dY is [rows, inner], W is [inner, columns], the result is [rows, columns]; columns, and dY's stride, inner size and first
// column, must be multiples of 4. What is bound of W may be some of its rows, from w_row on, and of dY's stride columns those
// from dy_column on. LoRA continues the sum over the rank: dU is [rows, rank], A is [rank, columns].
// accumulate adds to what is there.

// include parts/matmul_nn_register

@group(0) @binding(1) var<storage, read> dy: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> du: array<f32>;
@group(0) @binding(3) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4<f32>>;

// weights: f32. For another format these lines are replaced by shaders/weights/<format>.wgsl.
@group(0) @binding(6) var<storage, read> w: array<vec4<f32>>;

// Weights 4 i to 4 i + 3.
fn weight4(i: u32) -> vec4<f32> {
  return w[i];
}
// end of weights

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) i: u32) {
  // Two invocations along columns, eight along rows: a tile of 128 x 32.
  let row = wid.y * 128u + i / 2u * 16u;
  let columns4 = params.columns / 4u;
  let column = wid.x * 8u + i % 2u * 4u; // in vec4s
  if (row >= params.rows || column >= columns4) { return; }
  let last_row = params.rows - 1u;
  let last_column = columns4 - 1u;
  let column1 = min(column + 1u, last_column);
  let column2 = min(column + 2u, last_column);
  let column3 = min(column + 3u, last_column);
  let at_dy0 = (min(row + 0u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy1 = (min(row + 1u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy2 = (min(row + 2u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy3 = (min(row + 3u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy4 = (min(row + 4u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy5 = (min(row + 5u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy6 = (min(row + 6u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy7 = (min(row + 7u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy8 = (min(row + 8u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy9 = (min(row + 9u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy10 = (min(row + 10u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy11 = (min(row + 11u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy12 = (min(row + 12u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy13 = (min(row + 13u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy14 = (min(row + 14u, last_row) * params.dy_stride + params.dy_column) / 4u;
  let at_dy15 = (min(row + 15u, last_row) * params.dy_stride + params.dy_column) / 4u;
  var x0_0 = vec4<f32>(); var x0_1 = vec4<f32>(); var x0_2 = vec4<f32>(); var x0_3 = vec4<f32>();
  var x1_0 = vec4<f32>(); var x1_1 = vec4<f32>(); var x1_2 = vec4<f32>(); var x1_3 = vec4<f32>();
  var x2_0 = vec4<f32>(); var x2_1 = vec4<f32>(); var x2_2 = vec4<f32>(); var x2_3 = vec4<f32>();
  var x3_0 = vec4<f32>(); var x3_1 = vec4<f32>(); var x3_2 = vec4<f32>(); var x3_3 = vec4<f32>();
  var x4_0 = vec4<f32>(); var x4_1 = vec4<f32>(); var x4_2 = vec4<f32>(); var x4_3 = vec4<f32>();
  var x5_0 = vec4<f32>(); var x5_1 = vec4<f32>(); var x5_2 = vec4<f32>(); var x5_3 = vec4<f32>();
  var x6_0 = vec4<f32>(); var x6_1 = vec4<f32>(); var x6_2 = vec4<f32>(); var x6_3 = vec4<f32>();
  var x7_0 = vec4<f32>(); var x7_1 = vec4<f32>(); var x7_2 = vec4<f32>(); var x7_3 = vec4<f32>();
  var x8_0 = vec4<f32>(); var x8_1 = vec4<f32>(); var x8_2 = vec4<f32>(); var x8_3 = vec4<f32>();
  var x9_0 = vec4<f32>(); var x9_1 = vec4<f32>(); var x9_2 = vec4<f32>(); var x9_3 = vec4<f32>();
  var x10_0 = vec4<f32>(); var x10_1 = vec4<f32>(); var x10_2 = vec4<f32>(); var x10_3 = vec4<f32>();
  var x11_0 = vec4<f32>(); var x11_1 = vec4<f32>(); var x11_2 = vec4<f32>(); var x11_3 = vec4<f32>();
  var x12_0 = vec4<f32>(); var x12_1 = vec4<f32>(); var x12_2 = vec4<f32>(); var x12_3 = vec4<f32>();
  var x13_0 = vec4<f32>(); var x13_1 = vec4<f32>(); var x13_2 = vec4<f32>(); var x13_3 = vec4<f32>();
  var x14_0 = vec4<f32>(); var x14_1 = vec4<f32>(); var x14_2 = vec4<f32>(); var x14_3 = vec4<f32>();
  var x15_0 = vec4<f32>(); var x15_1 = vec4<f32>(); var x15_2 = vec4<f32>(); var x15_3 = vec4<f32>();
  for (var n = 0u; n < params.inner / 4u; n++) {
    let at_w0 = (4u * n + 0u + params.w_row) * columns4;
    let w0_0 = weight4(at_w0 + column);
    let w0_1 = weight4(at_w0 + column1);
    let w0_2 = weight4(at_w0 + column2);
    let w0_3 = weight4(at_w0 + column3);
    let at_w1 = (4u * n + 1u + params.w_row) * columns4;
    let w1_0 = weight4(at_w1 + column);
    let w1_1 = weight4(at_w1 + column1);
    let w1_2 = weight4(at_w1 + column2);
    let w1_3 = weight4(at_w1 + column3);
    let at_w2 = (4u * n + 2u + params.w_row) * columns4;
    let w2_0 = weight4(at_w2 + column);
    let w2_1 = weight4(at_w2 + column1);
    let w2_2 = weight4(at_w2 + column2);
    let w2_3 = weight4(at_w2 + column3);
    let at_w3 = (4u * n + 3u + params.w_row) * columns4;
    let w3_0 = weight4(at_w3 + column);
    let w3_1 = weight4(at_w3 + column1);
    let w3_2 = weight4(at_w3 + column2);
    let w3_3 = weight4(at_w3 + column3);
    let dy0 = dy[at_dy0 + n];
    x0_0 += dy0.x * w0_0 + dy0.y * w1_0 + dy0.z * w2_0 + dy0.w * w3_0;
    x0_1 += dy0.x * w0_1 + dy0.y * w1_1 + dy0.z * w2_1 + dy0.w * w3_1;
    x0_2 += dy0.x * w0_2 + dy0.y * w1_2 + dy0.z * w2_2 + dy0.w * w3_2;
    x0_3 += dy0.x * w0_3 + dy0.y * w1_3 + dy0.z * w2_3 + dy0.w * w3_3;
    let dy1 = dy[at_dy1 + n];
    x1_0 += dy1.x * w0_0 + dy1.y * w1_0 + dy1.z * w2_0 + dy1.w * w3_0;
    x1_1 += dy1.x * w0_1 + dy1.y * w1_1 + dy1.z * w2_1 + dy1.w * w3_1;
    x1_2 += dy1.x * w0_2 + dy1.y * w1_2 + dy1.z * w2_2 + dy1.w * w3_2;
    x1_3 += dy1.x * w0_3 + dy1.y * w1_3 + dy1.z * w2_3 + dy1.w * w3_3;
    let dy2 = dy[at_dy2 + n];
    x2_0 += dy2.x * w0_0 + dy2.y * w1_0 + dy2.z * w2_0 + dy2.w * w3_0;
    x2_1 += dy2.x * w0_1 + dy2.y * w1_1 + dy2.z * w2_1 + dy2.w * w3_1;
    x2_2 += dy2.x * w0_2 + dy2.y * w1_2 + dy2.z * w2_2 + dy2.w * w3_2;
    x2_3 += dy2.x * w0_3 + dy2.y * w1_3 + dy2.z * w2_3 + dy2.w * w3_3;
    let dy3 = dy[at_dy3 + n];
    x3_0 += dy3.x * w0_0 + dy3.y * w1_0 + dy3.z * w2_0 + dy3.w * w3_0;
    x3_1 += dy3.x * w0_1 + dy3.y * w1_1 + dy3.z * w2_1 + dy3.w * w3_1;
    x3_2 += dy3.x * w0_2 + dy3.y * w1_2 + dy3.z * w2_2 + dy3.w * w3_2;
    x3_3 += dy3.x * w0_3 + dy3.y * w1_3 + dy3.z * w2_3 + dy3.w * w3_3;
    let dy4 = dy[at_dy4 + n];
    x4_0 += dy4.x * w0_0 + dy4.y * w1_0 + dy4.z * w2_0 + dy4.w * w3_0;
    x4_1 += dy4.x * w0_1 + dy4.y * w1_1 + dy4.z * w2_1 + dy4.w * w3_1;
    x4_2 += dy4.x * w0_2 + dy4.y * w1_2 + dy4.z * w2_2 + dy4.w * w3_2;
    x4_3 += dy4.x * w0_3 + dy4.y * w1_3 + dy4.z * w2_3 + dy4.w * w3_3;
    let dy5 = dy[at_dy5 + n];
    x5_0 += dy5.x * w0_0 + dy5.y * w1_0 + dy5.z * w2_0 + dy5.w * w3_0;
    x5_1 += dy5.x * w0_1 + dy5.y * w1_1 + dy5.z * w2_1 + dy5.w * w3_1;
    x5_2 += dy5.x * w0_2 + dy5.y * w1_2 + dy5.z * w2_2 + dy5.w * w3_2;
    x5_3 += dy5.x * w0_3 + dy5.y * w1_3 + dy5.z * w2_3 + dy5.w * w3_3;
    let dy6 = dy[at_dy6 + n];
    x6_0 += dy6.x * w0_0 + dy6.y * w1_0 + dy6.z * w2_0 + dy6.w * w3_0;
    x6_1 += dy6.x * w0_1 + dy6.y * w1_1 + dy6.z * w2_1 + dy6.w * w3_1;
    x6_2 += dy6.x * w0_2 + dy6.y * w1_2 + dy6.z * w2_2 + dy6.w * w3_2;
    x6_3 += dy6.x * w0_3 + dy6.y * w1_3 + dy6.z * w2_3 + dy6.w * w3_3;
    let dy7 = dy[at_dy7 + n];
    x7_0 += dy7.x * w0_0 + dy7.y * w1_0 + dy7.z * w2_0 + dy7.w * w3_0;
    x7_1 += dy7.x * w0_1 + dy7.y * w1_1 + dy7.z * w2_1 + dy7.w * w3_1;
    x7_2 += dy7.x * w0_2 + dy7.y * w1_2 + dy7.z * w2_2 + dy7.w * w3_2;
    x7_3 += dy7.x * w0_3 + dy7.y * w1_3 + dy7.z * w2_3 + dy7.w * w3_3;
    let dy8 = dy[at_dy8 + n];
    x8_0 += dy8.x * w0_0 + dy8.y * w1_0 + dy8.z * w2_0 + dy8.w * w3_0;
    x8_1 += dy8.x * w0_1 + dy8.y * w1_1 + dy8.z * w2_1 + dy8.w * w3_1;
    x8_2 += dy8.x * w0_2 + dy8.y * w1_2 + dy8.z * w2_2 + dy8.w * w3_2;
    x8_3 += dy8.x * w0_3 + dy8.y * w1_3 + dy8.z * w2_3 + dy8.w * w3_3;
    let dy9 = dy[at_dy9 + n];
    x9_0 += dy9.x * w0_0 + dy9.y * w1_0 + dy9.z * w2_0 + dy9.w * w3_0;
    x9_1 += dy9.x * w0_1 + dy9.y * w1_1 + dy9.z * w2_1 + dy9.w * w3_1;
    x9_2 += dy9.x * w0_2 + dy9.y * w1_2 + dy9.z * w2_2 + dy9.w * w3_2;
    x9_3 += dy9.x * w0_3 + dy9.y * w1_3 + dy9.z * w2_3 + dy9.w * w3_3;
    let dy10 = dy[at_dy10 + n];
    x10_0 += dy10.x * w0_0 + dy10.y * w1_0 + dy10.z * w2_0 + dy10.w * w3_0;
    x10_1 += dy10.x * w0_1 + dy10.y * w1_1 + dy10.z * w2_1 + dy10.w * w3_1;
    x10_2 += dy10.x * w0_2 + dy10.y * w1_2 + dy10.z * w2_2 + dy10.w * w3_2;
    x10_3 += dy10.x * w0_3 + dy10.y * w1_3 + dy10.z * w2_3 + dy10.w * w3_3;
    let dy11 = dy[at_dy11 + n];
    x11_0 += dy11.x * w0_0 + dy11.y * w1_0 + dy11.z * w2_0 + dy11.w * w3_0;
    x11_1 += dy11.x * w0_1 + dy11.y * w1_1 + dy11.z * w2_1 + dy11.w * w3_1;
    x11_2 += dy11.x * w0_2 + dy11.y * w1_2 + dy11.z * w2_2 + dy11.w * w3_2;
    x11_3 += dy11.x * w0_3 + dy11.y * w1_3 + dy11.z * w2_3 + dy11.w * w3_3;
    let dy12 = dy[at_dy12 + n];
    x12_0 += dy12.x * w0_0 + dy12.y * w1_0 + dy12.z * w2_0 + dy12.w * w3_0;
    x12_1 += dy12.x * w0_1 + dy12.y * w1_1 + dy12.z * w2_1 + dy12.w * w3_1;
    x12_2 += dy12.x * w0_2 + dy12.y * w1_2 + dy12.z * w2_2 + dy12.w * w3_2;
    x12_3 += dy12.x * w0_3 + dy12.y * w1_3 + dy12.z * w2_3 + dy12.w * w3_3;
    let dy13 = dy[at_dy13 + n];
    x13_0 += dy13.x * w0_0 + dy13.y * w1_0 + dy13.z * w2_0 + dy13.w * w3_0;
    x13_1 += dy13.x * w0_1 + dy13.y * w1_1 + dy13.z * w2_1 + dy13.w * w3_1;
    x13_2 += dy13.x * w0_2 + dy13.y * w1_2 + dy13.z * w2_2 + dy13.w * w3_2;
    x13_3 += dy13.x * w0_3 + dy13.y * w1_3 + dy13.z * w2_3 + dy13.w * w3_3;
    let dy14 = dy[at_dy14 + n];
    x14_0 += dy14.x * w0_0 + dy14.y * w1_0 + dy14.z * w2_0 + dy14.w * w3_0;
    x14_1 += dy14.x * w0_1 + dy14.y * w1_1 + dy14.z * w2_1 + dy14.w * w3_1;
    x14_2 += dy14.x * w0_2 + dy14.y * w1_2 + dy14.z * w2_2 + dy14.w * w3_2;
    x14_3 += dy14.x * w0_3 + dy14.y * w1_3 + dy14.z * w2_3 + dy14.w * w3_3;
    let dy15 = dy[at_dy15 + n];
    x15_0 += dy15.x * w0_0 + dy15.y * w1_0 + dy15.z * w2_0 + dy15.w * w3_0;
    x15_1 += dy15.x * w0_1 + dy15.y * w1_1 + dy15.z * w2_1 + dy15.w * w3_1;
    x15_2 += dy15.x * w0_2 + dy15.y * w1_2 + dy15.z * w2_2 + dy15.w * w3_2;
    x15_3 += dy15.x * w0_3 + dy15.y * w1_3 + dy15.z * w2_3 + dy15.w * w3_3;
  }
  // Row by row, the values moving up one row each time, so that LoRA's part and the stores are in the source once.
  for (var r = 0u; r < min(16u, params.rows - row); r++) {
    for (var n = 0u; n < params.rank; n++) {
      let du0 = du[(row + r) * params.rank + n];
      x0_0 += du0 * a[n * columns4 + column];
      x0_1 += du0 * a[n * columns4 + column1];
      x0_2 += du0 * a[n * columns4 + column2];
      x0_3 += du0 * a[n * columns4 + column3];
    }
    store(row + r, column, columns4, x0_0);
    store(row + r, column + 1u, columns4, x0_1);
    store(row + r, column + 2u, columns4, x0_2);
    store(row + r, column + 3u, columns4, x0_3);
    x0_0 = x1_0; x0_1 = x1_1; x0_2 = x1_2; x0_3 = x1_3;
    x1_0 = x2_0; x1_1 = x2_1; x1_2 = x2_2; x1_3 = x2_3;
    x2_0 = x3_0; x2_1 = x3_1; x2_2 = x3_2; x2_3 = x3_3;
    x3_0 = x4_0; x3_1 = x4_1; x3_2 = x4_2; x3_3 = x4_3;
    x4_0 = x5_0; x4_1 = x5_1; x4_2 = x5_2; x4_3 = x5_3;
    x5_0 = x6_0; x5_1 = x6_1; x5_2 = x6_2; x5_3 = x6_3;
    x6_0 = x7_0; x6_1 = x7_1; x6_2 = x7_2; x6_3 = x7_3;
    x7_0 = x8_0; x7_1 = x8_1; x7_2 = x8_2; x7_3 = x8_3;
    x8_0 = x9_0; x8_1 = x9_1; x8_2 = x9_2; x8_3 = x9_3;
    x9_0 = x10_0; x9_1 = x10_1; x9_2 = x10_2; x9_3 = x10_3;
    x10_0 = x11_0; x10_1 = x11_1; x10_2 = x11_2; x10_3 = x11_3;
    x11_0 = x12_0; x11_1 = x12_1; x11_2 = x12_2; x11_3 = x12_3;
    x12_0 = x13_0; x12_1 = x13_1; x12_2 = x13_2; x12_3 = x13_3;
    x13_0 = x14_0; x13_1 = x14_1; x13_2 = x14_2; x13_3 = x14_3;
    x14_0 = x15_0; x14_1 = x15_1; x14_2 = x15_2; x14_3 = x15_3;
  }
}
