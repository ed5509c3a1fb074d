// y[r] = x[row] * rsqrt(mean(x[row]^2) + eps) * gain, one workgroup per row (Zhang & Sennrich 2019, eq. 4).
// GATHER: y[r] is the norm of x[index[r]] instead of x[r], for the rows that predict a target.

const GATHER: bool = false;

struct Params {
  rows: u32,
  hidden: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> index: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let row = wid.y * groups.x + wid.x;
  let live = row < params.rows;
  var source = min(row, params.rows - 1u);
  if (GATHER) { source = index[source]; }
  let from_base = source * params.hidden;
  var sum = 0.0;
  for (var k = lane; k < params.hidden; k += 64u) {
    let v = x[from_base + k];
    sum += v * v;
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var step = 32u; step > 0u; step >>= 1u) {
    if (lane < step) { partial[lane] += partial[lane + step]; }
    workgroupBarrier();
  }
  let scale = inverseSqrt(partial[0] / f32(params.hidden) + params.eps);
  if (live) {
    for (var k = lane; k < params.hidden; k += 64u) {
      y[row * params.hidden + k] = x[from_base + k] * scale * gain[k];
    }
  }
}
