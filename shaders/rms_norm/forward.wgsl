// y[r] = x[row] * rsqrt(mean(x[row]^2) + eps) * gain (Zhang & Sennrich 2019, eq. 4).
// Where it gathers, y[r] is the norm of x[index[r]] instead of x[r], for the rows that predict a target: a uniform branch, no
// variant, which would take software adapters as long again to compile.

// Invocations that share a row: a workgroup's 64, or one.
const LANES: u32 = 64u;
// Four columns at a time; f32 where the row is no multiple of four.
alias Value = vec4<f32>;
// Of each of four columns, or of four copies of one.
const SHARE: f32 = 1.0;

struct Params {
  rows: u32,
  width: u32, // of a row, in Values
  hidden: f32, // elements of a row
  eps: f32,
  gathers: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> gain: array<Value>;
@group(0) @binding(3) var<storage, read> index: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<Value>;

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) i: u32) {
  let row = (wid.y * groups.x + wid.x) * (64u / LANES) + i / LANES;
  let lane = i % LANES;
  let live = row < params.rows;
  var source = min(row, params.rows - 1u);
  if (params.gathers != 0u) { source = index[source]; }
  let from_base = source * params.width;
  var squares = Value();
  for (var k = lane; k < params.width; k += LANES) {
    let v = x[from_base + k];
    squares += v * v;
  }
  var sum = dot(vec4<f32>(squares), vec4<f32>(SHARE));
  if (LANES > 1u) {
    partial[i] = sum;
    workgroupBarrier();
    for (var step = LANES / 2u; step > 0u; step >>= 1u) {
      if (i < step) { partial[i] += partial[i + step]; }
      workgroupBarrier();
    }
    sum = partial[0];
  }
  let scale = inverseSqrt(sum / params.hidden + params.eps);
  if (live) {
    for (var k = lane; k < params.width; k += LANES) {
      y[row * params.width + k] = x[from_base + k] * scale * gain[k];
    }
  }
}
