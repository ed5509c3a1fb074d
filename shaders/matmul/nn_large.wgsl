// X' = dY W (+ dU A) in shared-memory tiles of 128 x 128 x 16, 8 x 8 per invocation: for GPUs and products so large that
// all cores have tiles enough. What it takes, and the order of the sums, are as in nn_tiled.wgsl; how the left tile lies in
// shared memory is as in nt_large.wgsl. Half of the lanes load four vec4s each of the left tile, the others of the right one.

// include parts/matmul_nn_tile

const ROWS: u32 = 128u;
const COLUMNS: u32 = 128u;
const DEPTH: u32 = 16u;
const DEPTH4: u32 = DEPTH / 4u;
const FOURS: u32 = 32u; // of a line's rows, or columns

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
var<workgroup> left: array<vec4<f32>, DEPTH * FOURS>;
var<workgroup> right: array<vec4<f32>, DEPTH * FOURS>;

@compute @workgroup_size(256)
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
  var lo4 = vec4<f32>();
  var hi4 = vec4<f32>();
  var lo5 = vec4<f32>();
  var hi5 = vec4<f32>();
  var lo6 = vec4<f32>();
  var hi6 = vec4<f32>();
  var lo7 = vec4<f32>();
  var hi7 = vec4<f32>();
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
      let at = n4 * FOURS + (four ^ (2u * n4));
      left[at] = turned[0];
      left[at + DEPTH4 * FOURS] = turned[1];
      left[at + 2u * DEPTH4 * FOURS] = turned[2];
      left[at + 3u * DEPTH4 * FOURS] = turned[3];
    } else {
      for (var i = lane - ROWS; i < DEPTH * FOURS; i += 128u) {
        let n = i / FOURS;
        let column = i % FOURS;
        let line = n % 4u * DEPTH4 + n / 4u;
        right[line * FOURS + column] = right_at(is_rank, n0 + n, column0 + column);
      }
    }
    workgroupBarrier();
    for (var line = 0u; line < DEPTH; line++) {
      let left_line = line * FOURS + ((2u * lane_row) ^ (2u * (line % DEPTH4)));
      let l_a = left[left_line];
      let l_b = left[left_line + 1u];
      let r_lo = right[line * FOURS + lane_column];
      let r_hi = right[line * FOURS + lane_column + COLUMNS / 8u];
      lo0 += l_a.x * r_lo;
      hi0 += l_a.x * r_hi;
      lo1 += l_a.y * r_lo;
      hi1 += l_a.y * r_hi;
      lo2 += l_a.z * r_lo;
      hi2 += l_a.z * r_hi;
      lo3 += l_a.w * r_lo;
      hi3 += l_a.w * r_hi;
      lo4 += l_b.x * r_lo;
      hi4 += l_b.x * r_hi;
      lo5 += l_b.y * r_lo;
      hi5 += l_b.y * r_hi;
      lo6 += l_b.z * r_lo;
      hi6 += l_b.z * r_hi;
      lo7 += l_b.w * r_lo;
      hi7 += l_b.w * r_hi;
    }
    workgroupBarrier();
  }
  let row = row0 + lane_row * 8u;
  let column = column0 + lane_column;
  // One store in a loop, the values moving up one place each time: see nt_register.wgsl.
  for (var s = 0u; s < 2u * min(8u, params.rows - min(row, params.rows)); s++) {
    store(row + s / 2u, column + (s % 2u) * (COLUMNS / 8u), lo0);
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
