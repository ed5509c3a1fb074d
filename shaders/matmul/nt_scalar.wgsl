// Y = X W^T in shared-memory tiles that are loaded number by number: for sizes that no other variant takes, as none is
// asked to be a multiple of anything. A workgroup of 16 x 16 makes 64 x 64 outputs, 4 x 4 per invocation, and walks along
// K in steps of 16.
// X is [rows, K], W is [columns, K], Y is [rows, columns]. Segments, LoRA, residual and
// w_row: as in nt_register.wgsl.

// include parts/matmul_nt
// include parts/matmul_place
// include parts/matmul_store1

const COLUMNS: u32 = 64u; // of a tile

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> residual: array<f32>;
@group(0) @binding(3) var<storage, read> u: array<f32>;
@group(0) @binding(4) var<storage, read> b: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;

// weights: f32. For another format these lines are replaced by shaders/weights/<format>.wgsl.
@group(0) @binding(6) var<storage, read> w: array<f32>;

fn weight(i: u32) -> f32 {
  return w[i];
}
// end of weights

// [k][row or column]: 64 wide, so that the four values of an invocation are one vec4.
var<workgroup> x_tile: array<array<vec4<f32>, 16>, 16>;
var<workgroup> w_tile: array<array<vec4<f32>, 16>, 16>;

fn x_at(row: u32, k: u32) -> f32 {
  if (row >= params.rows || k >= params.inner) { return 0.0; }
  return x[row * params.inner + k];
}

fn w_at(column: u32, end: u32, k: u32) -> f32 {
  if (column >= end || k >= params.inner) { return 0.0; }
  return weight((column + params.w_row) * params.inner + k);
}

@compute @workgroup_size(16, 16)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_id) lid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let place = place_of(wid.x);
  let end = place.segment.y;
  let row0 = wid.y * 64u;
  var sum0 = vec4<f32>();
  var sum1 = vec4<f32>();
  var sum2 = vec4<f32>();
  var sum3 = vec4<f32>();
  // Loading: 16 neighbouring lanes read 16 neighbouring k of one row, four rows per invocation.
  let load_k = lane % 16u;
  let load_group = lane / 16u;
  for (var k0 = 0u; k0 < params.inner; k0 += 16u) {
    let k = k0 + load_k;
    let r = row0 + load_group * 4u;
    let c = place.column + load_group * 4u;
    x_tile[load_k][load_group] = vec4<f32>(x_at(r, k), x_at(r + 1u, k), x_at(r + 2u, k), x_at(r + 3u, k));
    w_tile[load_k][load_group] = vec4<f32>(w_at(c, end, k), w_at(c + 1u, end, k), w_at(c + 2u, end, k), w_at(c + 3u, end, k));
    workgroupBarrier();
    for (var i = 0u; i < 16u; i++) {
      let xv = x_tile[i][lid.y];
      let wv = w_tile[i][lid.x];
      sum0 += xv.x * wv;
      sum1 += xv.y * wv;
      sum2 += xv.z * wv;
      sum3 += xv.w * wv;
    }
    workgroupBarrier();
  }
  let row = row0 + lid.y * 4u;
  let column = place.column + lid.x * 4u;
  if (place.segment.z != NONE) {
    let last_row = params.rows - 1u;
    let last_b = place.segment.w + end - 1u - place.segment.x;
    let b_row = column - place.segment.x + place.segment.w;
    for (var r = 0u; r < params.rank; r++) {
      let bv = params.scale * vec4<f32>(
        b[min(b_row, last_b) * params.rank + r],
        b[min(b_row + 1u, last_b) * params.rank + r],
        b[min(b_row + 2u, last_b) * params.rank + r],
        b[min(b_row + 3u, last_b) * params.rank + r],
      );
      let u_at = place.segment.z + r;
      sum0 += u[min(row, last_row) * params.u_stride + u_at] * bv;
      sum1 += u[min(row + 1u, last_row) * params.u_stride + u_at] * bv;
      sum2 += u[min(row + 2u, last_row) * params.u_stride + u_at] * bv;
      sum3 += u[min(row + 3u, last_row) * params.u_stride + u_at] * bv;
    }
  }
  var sums = array<vec4<f32>, 4>(sum0, sum1, sum2, sum3);
  for (var i = 0u; i < 4u; i++) {
    for (var j = 0u; j < 4u; j++) {
      if (row + i >= params.rows || column + j >= end) { continue; }
      store1(row + i, column + j, sums[i][j]);
    }
  }
}
