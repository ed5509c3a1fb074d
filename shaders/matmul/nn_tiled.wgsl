// X' = dY W (+ dU A) in shared-memory tiles of 64 x 128 x 16, 4 x 8 per invocation: for GPUs.
// dY is [rows, inner], W is [inner, columns], the result is [rows, columns]; columns, inner, dy_stride and dy_column must
// be multiples of 4. LoRA continues the sum over the rank: dU is [rows, rank], A is [rank, columns]. accumulate adds to
// what is there. w_row, dy_stride and dy_column: as in nn_register.wgsl.
//
// The left factor is turned as it is loaded, as X in nt_tiled.wgsl; the right one lies as it is needed. Of 256 lanes 64
// load four vec4s each of the left tile, the others two or three of the right one.

// include parts/matmul_nn_tile

const LANES: u32 = 256u;
const ROWS: u32 = 64u;
const COLUMNS: u32 = 128u;
const DEPTH: u32 = 16u;
const DEPTH4: u32 = DEPTH / 4u;
// In vec4s; the padding keeps lines that are written at once out of each other's banks, as in nt_tiled.wgsl.
const LEFT_STRIDE: u32 = ROWS / 4u + 2u;
const RIGHT_STRIDE: u32 = COLUMNS / 4u;

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

// Lines n, n + 4, n + 8 ... follow one another.
var<workgroup> left: array<vec4<f32>, DEPTH * LEFT_STRIDE>;
var<workgroup> right: array<vec4<f32>, DEPTH * RIGHT_STRIDE>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row0 = wid.y * ROWS;
  let column0 = wid.x * (COLUMNS / 4u); // in vec4s
  let lane_column = lane % 16u;
  let lane_row = lane / 16u;
  var lo0 = vec4<f32>();
  var hi0 = vec4<f32>();
  var lo1 = vec4<f32>();
  var hi1 = vec4<f32>();
  var lo2 = vec4<f32>();
  var hi2 = vec4<f32>();
  var lo3 = vec4<f32>();
  var hi3 = vec4<f32>();
  let inner_steps = (params.inner + DEPTH - 1u) / DEPTH;
  let steps = inner_steps + (params.rank + DEPTH - 1u) / DEPTH;
  for (var step = 0u; step < steps; step++) {
    let is_rank = step >= inner_steps;
    let n0 = (step - select(0u, inner_steps, is_rank)) * DEPTH;
    if (lane < ROWS) {
      let n4 = lane % DEPTH4;
      let four = lane / DEPTH4;
      let row = row0 + four * 4u;
      let n = n0 + n4 * 4u;
      let turned = transpose(mat4x4<f32>(
        left_at(is_rank, row, n),
        left_at(is_rank, row + 1u, n),
        left_at(is_rank, row + 2u, n),
        left_at(is_rank, row + 3u, n),
      ));
      let at = n4 * LEFT_STRIDE + four;
      left[at] = turned[0];
      left[at + DEPTH4 * LEFT_STRIDE] = turned[1];
      left[at + 2u * DEPTH4 * LEFT_STRIDE] = turned[2];
      left[at + 3u * DEPTH4 * LEFT_STRIDE] = turned[3];
    } else {
      for (var i = lane - ROWS; i < DEPTH * COLUMNS / 4u; i += LANES - ROWS) {
        let n = i / (COLUMNS / 4u);
        let column = i % (COLUMNS / 4u);
        let line = n % 4u * DEPTH4 + n / 4u;
        right[line * RIGHT_STRIDE + column] = right_at(is_rank, n0 + n, column0 + column);
      }
    }
    workgroupBarrier();
    for (var line = 0u; line < DEPTH; line++) {
      let lv = left[line * LEFT_STRIDE + lane_row];
      let r_lo = right[line * RIGHT_STRIDE + lane_column];
      let r_hi = right[line * RIGHT_STRIDE + lane_column + COLUMNS / 8u];
      lo0 += lv.x * r_lo;
      hi0 += lv.x * r_hi;
      lo1 += lv.y * r_lo;
      hi1 += lv.y * r_hi;
      lo2 += lv.z * r_lo;
      hi2 += lv.z * r_hi;
      lo3 += lv.w * r_lo;
      hi3 += lv.w * r_hi;
    }
    workgroupBarrier();
  }
  let row = row0 + lane_row * 4u;
  let column = column0 + lane_column;
  // One store in a loop, the values moving up one place each time: see nt_register.wgsl.
  for (var s = 0u; s < 2u * min(4u, params.rows - min(row, params.rows)); s++) {
    store(row + s / 2u, column + (s % 2u) * (COLUMNS / 8u), lo0);
    lo0 = hi0;
    hi0 = lo1;
    lo1 = hi1;
    hi1 = lo2;
    lo2 = hi2;
    hi2 = lo3;
    lo3 = hi3;
  }
}
