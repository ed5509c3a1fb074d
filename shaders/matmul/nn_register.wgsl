// X' = dY W (+ dU A) in register blocks, without shared memory: for software adapters.
// dY is [rows, inner], W is [inner, columns], the result is [rows, columns]; columns must be a multiple of 4. What is
// bound of W may be some of its rows, from w_row on, and of dY's stride columns those from dy_column on.
// Each invocation makes 8 rows x 8 columns. LoRA continues the sum over the rank: dU is [rows, rank], A is [rank, columns].
// accumulate adds to what is there.

// include parts/matmul_nn_register

@group(0) @binding(1) var<storage, read> dy: array<f32>;
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

@compute @workgroup_size(8, 8)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>) {
  let row = wid.y * 64u + select(lid.y, lid.x, params.row_lanes != 0u) * 8u;
  let columns4 = params.columns / 4u;
  let column = wid.x * 16u + select(lid.x, lid.y, params.row_lanes != 0u) * 2u; // in vec4s
  if (row >= params.rows || column >= columns4) { return; }
  let last_row = params.rows - 1u;
  let column1 = min(column + 1u, columns4 - 1u);
  let at_dy0 = min(row + 0u, last_row) * params.dy_stride + params.dy_column;
  let at_dy1 = min(row + 1u, last_row) * params.dy_stride + params.dy_column;
  let at_dy2 = min(row + 2u, last_row) * params.dy_stride + params.dy_column;
  let at_dy3 = min(row + 3u, last_row) * params.dy_stride + params.dy_column;
  let at_dy4 = min(row + 4u, last_row) * params.dy_stride + params.dy_column;
  let at_dy5 = min(row + 5u, last_row) * params.dy_stride + params.dy_column;
  let at_dy6 = min(row + 6u, last_row) * params.dy_stride + params.dy_column;
  let at_dy7 = min(row + 7u, last_row) * params.dy_stride + params.dy_column;
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
  for (var n = 0u; n < params.inner; n++) {
    let w0 = weight4((n + params.w_row) * columns4 + column);
    let w1 = weight4((n + params.w_row) * columns4 + column1);
    let dy0 = dy[at_dy0 + n];
    lo0 += dy0 * w0;
    hi0 += dy0 * w1;
    let dy1 = dy[at_dy1 + n];
    lo1 += dy1 * w0;
    hi1 += dy1 * w1;
    let dy2 = dy[at_dy2 + n];
    lo2 += dy2 * w0;
    hi2 += dy2 * w1;
    let dy3 = dy[at_dy3 + n];
    lo3 += dy3 * w0;
    hi3 += dy3 * w1;
    let dy4 = dy[at_dy4 + n];
    lo4 += dy4 * w0;
    hi4 += dy4 * w1;
    let dy5 = dy[at_dy5 + n];
    lo5 += dy5 * w0;
    hi5 += dy5 * w1;
    let dy6 = dy[at_dy6 + n];
    lo6 += dy6 * w0;
    hi6 += dy6 * w1;
    let dy7 = dy[at_dy7 + n];
    lo7 += dy7 * w0;
    hi7 += dy7 * w1;
  }
  for (var n = 0u; n < params.rank; n++) {
    // One load in the source for all eight: software adapters' compilers take long over each, and the rank is small.
    var w0 = vec4<f32>();
    var w1 = vec4<f32>();
    for (var half = 0u; half < params.block / 4u; half++) {
      w0 = w1;
      w1 = a[n * columns4 + min(column + half, column1)];
    }
    var du0 = 0.0;
    var du1 = 0.0;
    var du2 = 0.0;
    var du3 = 0.0;
    var du4 = 0.0;
    var du5 = 0.0;
    var du6 = 0.0;
    var du7 = 0.0;
    for (var r = 0u; r < params.block; r++) {
      du0 = du1;
      du1 = du2;
      du2 = du3;
      du3 = du4;
      du4 = du5;
      du5 = du6;
      du6 = du7;
      du7 = du[min(row + r, last_row) * params.rank + n];
    }
    lo0 += du0 * w0;
    hi0 += du0 * w1;
    lo1 += du1 * w0;
    hi1 += du1 * w1;
    lo2 += du2 * w0;
    hi2 += du2 * w1;
    lo3 += du3 * w0;
    hi3 += du3 * w1;
    lo4 += du4 * w0;
    hi4 += du4 * w1;
    lo5 += du5 * w0;
    hi5 += du5 * w1;
    lo6 += du6 * w0;
    hi6 += du6 * w1;
    lo7 += du7 * w0;
    hi7 += du7 * w1;
  }
  // One guarded store in a loop, the values moving up one place each time: see nt_register.wgsl.
  for (var i = 0u; i < 2u * min(8u, params.rows - row); i++) {
    store(row + i / 2u, column + i % 2u, columns4, lo0);
    lo0 = hi0;
    hi0 = lo1;
    lo1 = hi1;
    hi1 = lo2;
    lo2 = hi2;
    hi2 = lo3;
    lo3 = hi3;
    hi3 = lo4;
    lo4 = hi4;
    hi4 = lo5;
    lo5 = hi5;
    hi5 = lo6;
    lo6 = hi6;
    hi6 = lo7;
    lo7 = hi7;
  }
}
