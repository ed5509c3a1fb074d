// Y = X W^T for a few rows, as in decoding: for GPUs. A workgroup makes eight columns of up to four rows; 32 lanes, side
// by side along K in vec4s, make four of the columns, and the other 32 the others: every weight is read and unpacked once,
// neighbours by neighbours. The lanes' sums are added up in shared memory, in a fixed order.
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

// Of each of the eight columns, the sums of its 32 lanes, then of four lanes each; a component for each row.
var<workgroup> lane_sums: array<array<vec4<f32>, 32>, 8>;
var<workgroup> part_sums: array<array<vec4<f32>, 8>, 8>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = params.segment0.x + wid.x * 8u;
  let end = max(params.segment0.y, max(params.segment1.y, params.segment2.y));
  let steps = params.inner / 4u;
  let row = wid.y * 4u;
  let last_row = params.rows - 1u;
  let at_x0 = row * steps;
  let at_x1 = min(row + 1u, last_row) * steps;
  let at_x2 = min(row + 2u, last_row) * steps;
  let at_x3 = min(row + 3u, last_row) * steps;
  let group = lane / 32u * 4u;
  let at_w0 = (min(first + group, end - 1u) + params.w_row) * steps;
  let at_w1 = (min(first + group + 1u, end - 1u) + params.w_row) * steps;
  let at_w2 = (min(first + group + 2u, end - 1u) + params.w_row) * steps;
  let at_w3 = (min(first + group + 3u, end - 1u) + params.w_row) * steps;
  var sums0 = vec4<f32>();
  var sums1 = vec4<f32>();
  var sums2 = vec4<f32>();
  var sums3 = vec4<f32>();
  for (var k = lane % 32u; k < steps; k += 32u) {
    let w0 = weight4(at_w0 + k);
    let w1 = weight4(at_w1 + k);
    let w2 = weight4(at_w2 + k);
    let w3 = weight4(at_w3 + k);
    let x0 = x[at_x0 + k];
    if (SINGLE) {
      sums0.x += dot(x0, w0);
      sums1.x += dot(x0, w1);
      sums2.x += dot(x0, w2);
      sums3.x += dot(x0, w3);
    } else {
      let x1 = x[at_x1 + k];
      let x2 = x[at_x2 + k];
      let x3 = x[at_x3 + k];
      sums0 += vec4<f32>(dot(x0, w0), dot(x1, w0), dot(x2, w0), dot(x3, w0));
      sums1 += vec4<f32>(dot(x0, w1), dot(x1, w1), dot(x2, w1), dot(x3, w1));
      sums2 += vec4<f32>(dot(x0, w2), dot(x1, w2), dot(x2, w2), dot(x3, w2));
      sums3 += vec4<f32>(dot(x0, w3), dot(x1, w3), dot(x2, w3), dot(x3, w3));
    }
  }
  lane_sums[group][lane % 32u] = sums0;
  lane_sums[group + 1u][lane % 32u] = sums1;
  lane_sums[group + 2u][lane % 32u] = sums2;
  lane_sums[group + 3u][lane % 32u] = sums3;
  workgroupBarrier();
  // Lanes p, p + 8, p + 16 and p + 24 make part p.
  let p = lane % 8u;
  let q = lane / 8u;
  part_sums[q][p] = lane_sums[q][p] + lane_sums[q][p + 8u] + lane_sums[q][p + 16u] + lane_sums[q][p + 24u];
  workgroupBarrier();
  // An invocation for each output: eight neighbours make a row's.
  let column = first + p;
  if (q >= min(4u, params.rows - row) || column >= end) { return; }
  var sum = 0.0;
  for (var i = 0u; i < 8u; i++) { sum += part_sums[p][i][q]; }
  let segment = segment_of(column);
  if (segment.z != NONE) {
    let at_b = (column - segment.x + segment.w) * params.rank;
    let at_u = (row + q) * params.u_stride + segment.z;
    for (var r = 0u; r < params.rank; r++) { sum += params.scale * b[at_b + r] * u[at_u + r]; }
  }
  store1(row + q, column, sum);
}
