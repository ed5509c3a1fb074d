// Y = X W^T in shared-memory tiles of 128 x 128 x 16, 8 x 8 per invocation: for GPUs and products so large that all cores
// have tiles enough. Half of the bytes of nt_tiled.wgsl's for W, and 16 words of shared memory instead of 24 for 64 products.
// What it takes, and the order of the sums, are as there.
//
// The two tiles are all of the 16,384 bytes that WebGPU grants everywhere: instead of being padded, the fours of a line
// change places, two by two, so that the vec4s that neighbouring lanes write fall into different banks. Half of the lanes
// load X, the others W.

// include parts/matmul_nt
// include parts/matmul_place
// include parts/matmul_nt_tile

const ROWS: u32 = 128u;
const COLUMNS: u32 = 128u;
const DEPTH: u32 = 16u;
const DEPTH4: u32 = DEPTH / 4u;
const FOURS: u32 = 32u; // of a line's rows, or columns

@group(0) @binding(1) var<storage, read> x: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read> residual: array<f32>;
@group(0) @binding(3) var<storage, read> u: array<f32>;
@group(0) @binding(4) var<storage, read> b: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

// weights: f32. For another format these lines are replaced by shaders/weights/<format>.wgsl.
@group(0) @binding(6) var<storage, read> w: array<vec4<f32>>;

// Weights 4 i to 4 i + 3.
fn weight4(i: u32) -> vec4<f32> {
  return w[i];
}
// end of weights

var<workgroup> x_tile: array<vec4<f32>, DEPTH * FOURS>;
var<workgroup> w_tile: array<vec4<f32>, DEPTH * FOURS>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let place = place_of(wid.x);
  let segment = place.segment;
  let row0 = wid.y * ROWS;
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
  let steps = inner_steps + select(0u, (params.rank + DEPTH - 1u) / DEPTH, segment.z != NONE);
  for (var step = 0u; step < steps; step++) {
    let is_rank = step >= inner_steps;
    let first_k = (step - select(0u, inner_steps, is_rank)) * DEPTH;
    let k4 = lane % DEPTH4;
    let k = first_k + k4 * 4u;
    let four = lane / DEPTH4 % FOURS;
    let at = k4 * FOURS + (four ^ (2u * k4));
    if (lane < DEPTH4 * FOURS) {
      let row = row0 + four * 4u;
      let turned = transpose(mat4x4<f32>(
        left_at(is_rank, row, segment, k),
        left_at(is_rank, row + 1u, segment, k),
        left_at(is_rank, row + 2u, segment, k),
        left_at(is_rank, row + 3u, segment, k),
      ));
      x_tile[at] = turned[0];
      x_tile[at + DEPTH4 * FOURS] = turned[1];
      x_tile[at + 2u * DEPTH4 * FOURS] = turned[2];
      x_tile[at + 3u * DEPTH4 * FOURS] = turned[3];
    } else {
      let column = place.column + four * 4u;
      let turned = transpose(mat4x4<f32>(
        right_at(is_rank, column, segment, k),
        right_at(is_rank, column + 1u, segment, k),
        right_at(is_rank, column + 2u, segment, k),
        right_at(is_rank, column + 3u, segment, k),
      ));
      w_tile[at] = turned[0];
      w_tile[at + DEPTH4 * FOURS] = turned[1];
      w_tile[at + 2u * DEPTH4 * FOURS] = turned[2];
      w_tile[at + 3u * DEPTH4 * FOURS] = turned[3];
    }
    workgroupBarrier();
    for (var line = 0u; line < DEPTH; line++) {
      let moved = 2u * (line % DEPTH4);
      let x_at = line * FOURS + ((2u * lane_row) ^ moved);
      let w_at = line * FOURS + (lane_column ^ moved);
      let x_a = x_tile[x_at];
      let x_b = x_tile[x_at + 1u];
      let w_lo = w_tile[w_at];
      let w_hi = w_tile[w_at + COLUMNS / 8u];
      lo0 += x_a.x * w_lo;
      hi0 += x_a.x * w_hi;
      lo1 += x_a.y * w_lo;
      hi1 += x_a.y * w_hi;
      lo2 += x_a.z * w_lo;
      hi2 += x_a.z * w_hi;
      lo3 += x_a.w * w_lo;
      hi3 += x_a.w * w_hi;
      lo4 += x_b.x * w_lo;
      hi4 += x_b.x * w_hi;
      lo5 += x_b.y * w_lo;
      hi5 += x_b.y * w_hi;
      lo6 += x_b.z * w_lo;
      hi6 += x_b.z * w_hi;
      lo7 += x_b.w * w_lo;
      hi7 += x_b.w * w_hi;
    }
    workgroupBarrier();
  }
  let row = row0 + lane_row * 8u;
  let column = place.column + lane_column * 4u;
  // One store in a loop, the values moving up one place each time: see nt_register.wgsl.
  for (var s = 0u; s < 2u * min(8u, params.rows - min(row, params.rows)); s++) {
    store(row + s / 2u, column + (s % 2u) * (COLUMNS / 2u), segment.y, lo0);
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
