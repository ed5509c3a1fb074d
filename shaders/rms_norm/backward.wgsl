// dx[t] += r (g dy) - x r^3 / H sum(g dy x), with r = rsqrt(mean(x^2) + eps) recomputed.
// The final norm has its gradient from targets: dy of token t is the sum over its targets' rows target_start[t] ..
// target_start[t + 1], in order, and dx is overwritten (it is zero where a token predicts nothing). Elsewhere dy[t] is all there is.

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
  from_targets: u32,
  rounds: u32, // 2, over the row
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<Value>;
@group(0) @binding(2) var<storage, read> gain: array<Value>;
@group(0) @binding(3) var<storage, read> dy: array<Value>;
@group(0) @binding(4) var<storage, read> target_start: array<u32>;
@group(0) @binding(5) var<storage, read_write> dx: array<Value>;

var<workgroup> partial: array<vec2<f32>, 64>;

// Column k of the sum over rows of dy from start on, before end.
fn dy_at(start: u32, end: u32, k: u32) -> Value {
  var sum = Value();
  for (var m = start; m < end; m++) { sum += dy[m * params.width + k]; }
  return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) i: u32) {
  let group = (wid.y * groups.x + wid.x) * (64u / LANES) + i / LANES;
  let lane = i % LANES;
  let live = group < params.rows;
  let row = min(group, params.rows - 1u);
  let base = row * params.width;
  var start = row;
  var end = row + 1u;
  if (params.from_targets != 0u) {
    start = target_start[row];
    end = target_start[row + 1u];
  }
  var squares = Value();
  var products = Value();
  var r = 0.0;
  var along = 0.0;
  // First the sums, then the gradient, by the same lines: software adapters' compilers take long over each load in the source.
  for (var round = 0u; round < params.rounds; round++) {
    for (var k = lane; k < params.width; k += LANES) {
      let v = x[base + k];
      let g = gain[k] * dy_at(start, end, k);
      if (round == 0u) {
        squares += v * v;
        products += g * v;
      } else if (live) {
        var gradient = r * g - v * along;
        if (params.from_targets == 0u) { gradient += dx[base + k]; }
        dx[base + k] = gradient;
      }
    }
    if (round == 0u) {
      // Of the squares and of the products.
      var sums = vec2<f32>(dot(vec4<f32>(squares), vec4<f32>(SHARE)), dot(vec4<f32>(products), vec4<f32>(SHARE)));
      if (LANES > 1u) {
        partial[i] = sums;
        workgroupBarrier();
        for (var step = LANES / 2u; step > 0u; step >>= 1u) {
          if (i < step) { partial[i] += partial[i + step]; }
          workgroupBarrier();
        }
        sums = partial[0];
      }
      r = inverseSqrt(sums.x / params.hidden + params.eps);
      along = sums.y * r * r * r / params.hidden;
    }
  }
}
