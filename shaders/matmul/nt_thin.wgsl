// Y = X W^T for a few rows, as in decoding: one invocation makes one column of up to four rows and walks along K in vec4s,
// so that every weight is read and unpacked once. For software adapters; lanes of a GPU would read far apart.
// X is [rows, K], W is [columns, K], Y is [rows, columns]; K must be a multiple of 4. Segments, LoRA, residual and w_row:
// as in nt_register.wgsl.

// include parts/matmul_nt
// include parts/matmul_store1

// Whether there is one row alone, or up to four per workgroup.
const SINGLE: bool = false;

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

fn segment_of(column: u32) -> vec4<u32> {
  if (column < params.segment0.y) { return params.segment0; }
  if (column < params.segment1.y) { return params.segment1; }
  return params.segment2;
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let column = params.segment0.x + wid.x * 32u + lane;
  let end = max(params.segment0.y, max(params.segment1.y, params.segment2.y));
  if (column >= end) { return; }
  let steps = params.inner / 4u;
  let row = wid.y * 4u;
  let last_row = params.rows - 1u;
  let at_x0 = row * steps;
  let at_x1 = min(row + 1u, last_row) * steps;
  let at_x2 = min(row + 2u, last_row) * steps;
  let at_x3 = min(row + 3u, last_row) * steps;
  let at_w = (column + params.w_row) * steps;
  var sums = vec4<f32>();
  if (SINGLE) {
    var sum4 = vec4<f32>();
    for (var k = 0u; k < steps; k++) { sum4 += x[at_x0 + k] * weight4(at_w + k); }
    sums.x = sum4.x + sum4.y + sum4.z + sum4.w;
  } else {
    for (var k = 0u; k < steps; k++) {
      let wk = weight4(at_w + k);
      sums += vec4<f32>(dot(x[at_x0 + k], wk), dot(x[at_x1 + k], wk), dot(x[at_x2 + k], wk), dot(x[at_x3 + k], wk));
    }
  }
  let segment = segment_of(column);
  if (segment.z != NONE) {
    let at_b = (column - segment.x + segment.w) * params.rank;
    for (var r = 0u; r < params.rank; r++) {
      let br = params.scale * b[at_b + r];
      let at = segment.z + r;
      sums += br * vec4<f32>(
        u[row * params.u_stride + at],
        u[min(row + 1u, last_row) * params.u_stride + at],
        u[min(row + 2u, last_row) * params.u_stride + at],
        u[min(row + 3u, last_row) * params.u_stride + at],
      );
    }
  }
  for (var i = 0u; i < min(4u, params.rows - row); i++) { store1(row + i, column, sums[i]); }
}
