// Products of f32 matrices of any strides in register blocks, without shared memory, for software adapters whose lanes are eight
// or more: Y = X W^T, dX = dY W, and LoRA's dU, dB and dA, all by this one kernel, as each costs such adapters' compilers as
// long as a step. Each invocation makes 8 x 8 outputs and walks along K one by one, so that what it has loaded stays in
// few registers; of eight neighbouring lanes four lie along columns and two along rows.
//
// Y[row, column] = factor * sum_k X[row, k] W[column, k]; element [i, k] of either lies at first + i * line + k * step.
// Workgroups z make further products of the same sizes, of elements of X and W and columns of Y that are z times `apart` further on
// (all of which wrap around below zero).
//
// LoRA adds scale * U B^T: segments, U and residual as in nt_register.wgsl, B of any strides. What is done to products as they
// are stored, params.adds says. These are uniform branches, not variants. All that lanes have in common is worked out
// without branches, and from the workgroup's numbers: lavapipe's compiler then sees which lanes load the same element.

// include parts/matmul_strided
// include parts/matmul_place
// include parts/matmul_store

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> residual: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> u: array<f32>;
@group(0) @binding(4) var<storage, read> b: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> w: array<f32>;

const COLUMNS: u32 = 64u; // of a tile

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) i: u32) {
  let place = place_of(wid.x);
  let end = place.segment.y + wid.z * params.apart.z;
  let row = wid.y * 64u + (i / 16u * 2u + i / 4u % 2u) * 8u;
  let column = place.column + wid.z * params.apart.z + (i / 8u % 2u * 4u + i % 4u) * 8u;
  if (row >= params.rows || column >= end) { return; }
  let last_row = params.rows - 1u;
  let last_column = end - 1u;
  let x_first = params.x_first + wid.z * params.apart.x;
  let w_first = params.w_first + wid.z * params.apart.y;
  let at_x0 = min(row + 0u, last_row) * params.x_line;
  let at_x1 = min(row + 1u, last_row) * params.x_line;
  let at_x2 = min(row + 2u, last_row) * params.x_line;
  let at_x3 = min(row + 3u, last_row) * params.x_line;
  let at_x4 = min(row + 4u, last_row) * params.x_line;
  let at_x5 = min(row + 5u, last_row) * params.x_line;
  let at_x6 = min(row + 6u, last_row) * params.x_line;
  let at_x7 = min(row + 7u, last_row) * params.x_line;
  let at_w0 = min(column + 0u, last_column) * params.w_line;
  let at_w1 = min(column + 1u, last_column) * params.w_line;
  let at_w2 = min(column + 2u, last_column) * params.w_line;
  let at_w3 = min(column + 3u, last_column) * params.w_line;
  let at_w4 = min(column + 4u, last_column) * params.w_line;
  let at_w5 = min(column + 5u, last_column) * params.w_line;
  let at_w6 = min(column + 6u, last_column) * params.w_line;
  let at_w7 = min(column + 7u, last_column) * params.w_line;
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
  var x_k = x_first;
  var w_k = w_first;
  for (var k = 0u; k < params.inner; k++) {
    let w_lo = vec4<f32>(w[at_w0 + w_k], w[at_w1 + w_k], w[at_w2 + w_k], w[at_w3 + w_k]);
    let w_hi = vec4<f32>(w[at_w4 + w_k], w[at_w5 + w_k], w[at_w6 + w_k], w[at_w7 + w_k]);
    let x0 = x[at_x0 + x_k];
    lo0 += x0 * w_lo;
    hi0 += x0 * w_hi;
    let x1 = x[at_x1 + x_k];
    lo1 += x1 * w_lo;
    hi1 += x1 * w_hi;
    let x2 = x[at_x2 + x_k];
    lo2 += x2 * w_lo;
    hi2 += x2 * w_hi;
    let x3 = x[at_x3 + x_k];
    lo3 += x3 * w_lo;
    hi3 += x3 * w_hi;
    let x4 = x[at_x4 + x_k];
    lo4 += x4 * w_lo;
    hi4 += x4 * w_hi;
    let x5 = x[at_x5 + x_k];
    lo5 += x5 * w_lo;
    hi5 += x5 * w_hi;
    let x6 = x[at_x6 + x_k];
    lo6 += x6 * w_lo;
    hi6 += x6 * w_hi;
    let x7 = x[at_x7 + x_k];
    lo7 += x7 * w_lo;
    hi7 += x7 * w_hi;
    x_k += params.x_step;
    w_k += params.w_step;
  }
  if (place.segment.z != NONE) {
    let b_row = column - place.segment.x + place.segment.w;
    let last_b = place.segment.w + end - 1u - place.segment.x;
    for (var r = 0u; r < params.rank; r++) {
      // One load in the source for all eight: software adapters' compilers take long over each, and the rank is small.
      var u0 = 0.0;
      var u1 = 0.0;
      var u2 = 0.0;
      var u3 = 0.0;
      var u4 = 0.0;
      var u5 = 0.0;
      var u6 = 0.0;
      var u7 = 0.0;
      var b_lo = vec4<f32>();
      var b_hi = vec4<f32>();
      for (var j = 0u; j < params.block; j++) {
        u0 = u1;
        u1 = u2;
        u2 = u3;
        u3 = u4;
        u4 = u5;
        u5 = u6;
        u6 = u7;
        u7 = u[min(row + j, last_row) * params.u_stride + place.segment.z + r];
        b_lo = vec4<f32>(b_lo.yzw, b_hi.x);
        b_hi = vec4<f32>(b_hi.yzw, params.scale * b[min(b_row + j, last_b) * params.b_line + r * params.b_step]);
      }
      lo0 += u0 * b_lo;
      hi0 += u0 * b_hi;
      lo1 += u1 * b_lo;
      hi1 += u1 * b_hi;
      lo2 += u2 * b_lo;
      hi2 += u2 * b_hi;
      lo3 += u3 * b_lo;
      hi3 += u3 * b_hi;
      lo4 += u4 * b_lo;
      hi4 += u4 * b_hi;
      lo5 += u5 * b_lo;
      hi5 += u5 * b_hi;
      lo6 += u6 * b_lo;
      hi6 += u6 * b_hi;
      lo7 += u7 * b_lo;
      hi7 += u7 * b_hi;
    }
  }
  // One guarded store in a loop, the values moving up one place each time: see nt_register.wgsl.
  for (var s = 0u; s < 2u * min(8u, params.rows - row); s++) {
    store(row + s / 2u, column + (s % 2u) * 4u, end, params.factor * lo0);
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
