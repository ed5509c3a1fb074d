// X' = dY W (+ dU A) in shared-memory tiles of 64 x 64 x 16, 4 x 4 per invocation, loaded number by number: for sizes
// that no other variant takes. dY is [rows, inner], W is [inner, columns], the result is [rows, columns]. No alignment is
// asked of any size.
// LoRA continues the sum over the rank: dU is [rows, rank], A is [rank, columns]. accumulate adds to what is there.
// w_row, dy_stride and dy_column: as in nn_register.wgsl.

struct Params {
  rows: u32,
  columns: u32,
  inner: u32,
  rank: u32, // of all projections of the group together; 0 without LoRA
  accumulate: u32,
  w_row: u32,
  dy_stride: u32,
  dy_column: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> du: array<f32>;
@group(0) @binding(3) var<storage, read> a: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

// weights: f32. For another format these lines are replaced by shaders/weights/<format>.wgsl.
@group(0) @binding(6) var<storage, read> w: array<f32>;

fn weight(i: u32) -> f32 {
  return w[i];
}
// end of weights

// [k][row or column], 64 wide.
var<workgroup> left: array<array<vec4<f32>, 16>, 16>;
var<workgroup> right: array<array<vec4<f32>, 16>, 16>;

// Row `n` of the two factors one after the other: the weight's inner dimension, then the rank.
fn left_at(row: u32, n: u32) -> f32 {
  if (row >= params.rows) { return 0.0; }
  if (n < params.inner) { return dy[row * params.dy_stride + params.dy_column + n]; }
  if (n < params.inner + params.rank) { return du[row * params.rank + n - params.inner]; }
  return 0.0;
}

fn right_at(n: u32, column: u32) -> f32 {
  if (column >= params.columns) { return 0.0; }
  if (n < params.inner) { return weight((n + params.w_row) * params.columns + column); }
  if (n < params.inner + params.rank) { return a[(n - params.inner) * params.columns + column]; }
  return 0.0;
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row0 = wid.y * 64u;
  let column0 = wid.x * 64u;
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  let inner = params.inner + params.rank;
  let low = lane % 16u;
  let high = lane / 16u;
  for (var n0 = 0u; n0 < inner; n0 += 16u) {
    // Left: 16 lanes read 16 neighbouring n of a row. Right: 16 lanes read 64 neighbouring columns of one n.
    let r = row0 + high * 4u;
    let n = n0 + low;
    left[low][high] = vec4<f32>(left_at(r, n), left_at(r + 1u, n), left_at(r + 2u, n), left_at(r + 3u, n));
    let m = n0 + high;
    let c = column0 + low * 4u;
    right[high][low] = vec4<f32>(right_at(m, c), right_at(m, c + 1u), right_at(m, c + 2u), right_at(m, c + 3u));
    workgroupBarrier();
    for (var i = 0u; i < 16u; i++) {
      let lv = left[i][lid.y];
      let rv = right[i][lid.x];
      sum0 += lv.x * rv;
      sum1 += lv.y * rv;
      sum2 += lv.z * rv;
      sum3 += lv.w * rv;
    }
    workgroupBarrier();
  }
  let row = row0 + lid.y * 4u;
  let column = column0 + lid.x * 4u;
  var sums = array<vec4<f32>, 4>(sum0, sum1, sum2, sum3);
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) {
      if (row + i >= params.rows || column + j >= params.columns) { continue; }
      let at = (row + i) * params.columns + column + j;
      if (params.accumulate != 0u) {
        dx[at] += sums[i][j];
      } else {
        dx[at] = sums[i][j];
      }
    }
  }
}
