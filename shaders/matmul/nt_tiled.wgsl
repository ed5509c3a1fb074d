// Y = X W^T in shared-memory tiles: for GPUs. A workgroup makes ROWS x COLUMNS outputs, 4 x 8 per invocation, and walks
// along K in steps of DEPTH; K must be a multiple of 4, and nothing else need be one.
// X is [rows, K], W is [columns, K], Y is [rows, columns]. Segments, LoRA, residual and w_row: as in nt_register.wgsl;
// of columns with an adapter the sum goes on over the rank, tile by tile, with U for X and scale B for W.
//
// Loading: an invocation reads four neighbours along K of four rows, as vec4s (neighbouring lanes read on along K), and
// writes them turned, as four vec4s of four rows each. The tiles' lines of one k lie in an order and at a distance at
// which the vec4s that eight neighbouring lanes write, like those they read, fall into different banks.

// include parts/matmul_nt
// include parts/matmul_place
// include parts/matmul_nt_tile

const ROWS: u32 = 64u;
const COLUMNS: u32 = 128u;
const DEPTH: u32 = 16u;

const LANES: u32 = ROWS * COLUMNS / 32u;
const DEPTH4: u32 = DEPTH / 4u;
// In vec4s. Lines k, k + 4, k + 8 ... follow one another, and as many lines as are written at once must not begin in the
// same bank: 2 vec4s apart (of 8 that make all banks) if they are four, 1 if they are eight.
const PAD: u32 = 8u / DEPTH4;
const X_STRIDE: u32 = ROWS / 4u + PAD;
const W_STRIDE: u32 = COLUMNS / 4u + PAD;

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

var<workgroup> x_tile: array<vec4<f32>, DEPTH * X_STRIDE>;
var<workgroup> w_tile: array<vec4<f32>, DEPTH * W_STRIDE>;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let place = place_of(wid.x);
  let segment = place.segment;
  let row0 = wid.y * ROWS;
  let lane_column = lane % (COLUMNS / 8u);
  let lane_row = lane / (COLUMNS / 8u);
  var lo0 = vec4<f32>();
  var hi0 = vec4<f32>();
  var lo1 = vec4<f32>();
  var hi1 = vec4<f32>();
  var lo2 = vec4<f32>();
  var hi2 = vec4<f32>();
  var lo3 = vec4<f32>();
  var hi3 = vec4<f32>();
  let inner_steps = (params.inner + DEPTH - 1u) / DEPTH;
  let steps = inner_steps + select(0u, (params.rank + DEPTH - 1u) / DEPTH, segment.z != NONE);
  for (var step = 0u; step < steps; step++) {
    let is_rank = step >= inner_steps;
    let first_k = (step - select(0u, inner_steps, is_rank)) * DEPTH;
    for (var block = lane; block < (ROWS + COLUMNS) / 4u * DEPTH4; block += LANES) {
      let k4 = block % DEPTH4;
      let k = first_k + k4 * 4u;
      let four = block / DEPTH4;
      if (four < ROWS / 4u) {
        let row = row0 + four * 4u;
        let turned = transpose(mat4x4<f32>(
          left_at(is_rank, row, segment, k),
          left_at(is_rank, row + 1u, segment, k),
          left_at(is_rank, row + 2u, segment, k),
          left_at(is_rank, row + 3u, segment, k),
        ));
        let at = k4 * X_STRIDE + four;
        x_tile[at] = turned[0];
        x_tile[at + DEPTH4 * X_STRIDE] = turned[1];
        x_tile[at + 2u * DEPTH4 * X_STRIDE] = turned[2];
        x_tile[at + 3u * DEPTH4 * X_STRIDE] = turned[3];
      } else {
        let column = place.column + four * 4u - ROWS;
        let turned = transpose(mat4x4<f32>(
          right_at(is_rank, column, segment, k),
          right_at(is_rank, column + 1u, segment, k),
          right_at(is_rank, column + 2u, segment, k),
          right_at(is_rank, column + 3u, segment, k),
        ));
        let at = k4 * W_STRIDE + four - ROWS / 4u;
        w_tile[at] = turned[0];
        w_tile[at + DEPTH4 * W_STRIDE] = turned[1];
        w_tile[at + 2u * DEPTH4 * W_STRIDE] = turned[2];
        w_tile[at + 3u * DEPTH4 * W_STRIDE] = turned[3];
      }
    }
    workgroupBarrier();
    for (var line = 0u; line < DEPTH; line++) {
      let xv = x_tile[line * X_STRIDE + lane_row];
      let w_lo = w_tile[line * W_STRIDE + lane_column];
      let w_hi = w_tile[line * W_STRIDE + lane_column + COLUMNS / 8u];
      lo0 += xv.x * w_lo;
      hi0 += xv.x * w_hi;
      lo1 += xv.y * w_lo;
      hi1 += xv.y * w_hi;
      lo2 += xv.z * w_lo;
      hi2 += xv.z * w_hi;
      lo3 += xv.w * w_lo;
      hi3 += xv.w * w_hi;
    }
    workgroupBarrier();
  }
  let row = row0 + lane_row * 4u;
  let column = place.column + lane_column * 4u;
  // One store in a loop, the values moving up one place each time: see nt_register.wgsl.
  for (var s = 0u; s < 2u * min(4u, params.rows - min(row, params.rows)); s++) {
    store(row + s / 2u, column + (s % 2u) * (COLUMNS / 2u), segment.y, lo0);
    lo0 = hi0;
    hi0 = lo1;
    lo1 = hi1;
    hi1 = lo2;
    lo2 = hi2;
    hi2 = lo3;
    lo3 = hi3;
  }
}
