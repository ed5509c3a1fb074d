// Log-probabilities of targets in vocabulary chunks: folds one chunk of logits into a running maximum and sum
// (online log-sum-exp: Milakov & Gimelshein 2018, alg. 3), and picks up the target's own logit when its chunk comes by.
// Each logit is read once. After the last chunk: logprob = logit[target] - lse, and what the gradient needs.

// Invocations that share a target: a workgroup's 64, or one.
const LANES: u32 = 64u;
// Four columns at a time; f32 where the chunk is no multiple of four.
alias Value = vec4<f32>;
// Of each of four columns, or of four copies of one.
const SHARE: f32 = 1.0;

struct Params {
  rows: u32,
  width: u32, // of this chunk, in Values
  elements: u32, // of a Value
  first_column: u32, // vocabulary id of the chunk's first column
  is_first: u32,
  is_last: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<Value>;
@group(0) @binding(2) var<storage, read> target_token: array<u32>;
// Per target (maximum, sum of exponentials, logit of the target, unused); after the last chunk (log-sum-exp, id of the
// target token, unused, unused).
@group(0) @binding(3) var<storage, read_write> running: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> logprob: array<f32>;

// A maximum, and the sum of exponentials of what is below it.
var<workgroup> partial: array<vec2<f32>, 64>;

fn joined(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
  let largest = max(a.x, b.x);
  return vec2<f32>(largest, a.y * exp(a.x - largest) + b.y * exp(b.x - largest));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) i: u32) {
  let group = (wid.y * groups.x + wid.x) * (64u / LANES) + i / LANES;
  let lane = i % LANES;
  let live = group < params.rows;
  let row = min(group, params.rows - 1u);
  let base = row * params.width;
  var largest = -3.0e38;
  var sum = Value();
  for (var k = lane; k < params.width; k += LANES) {
    let v = logits[base + k];
    let each = vec4<f32>(v);
    let next = max(largest, max(max(each.x, each.y), max(each.z, each.w)));
    sum = sum * exp(largest - next) + exp(v - next);
    largest = next;
  }
  var state = vec2<f32>(largest, dot(vec4<f32>(sum), vec4<f32>(SHARE)));
  if (LANES > 1u) {
    partial[i] = state;
    workgroupBarrier();
    for (var step = LANES / 2u; step > 0u; step >>= 1u) {
      if (i < step) { partial[i] = joined(partial[i], partial[i + step]); }
      workgroupBarrier();
    }
    state = partial[0];
  }
  if (!live || lane != 0u) { return; }
  var of_target = 0.0;
  if (params.is_first == 0u) {
    let before = running[row];
    state = joined(before.xy, state);
    of_target = before.z;
  }
  let column = target_token[row] - params.first_column; // wraps around below zero
  if (column / params.elements < params.width) {
    of_target = vec4<f32>(logits[base + column / params.elements])[column % params.elements];
  }
  var next = vec4<f32>(state, of_target, 0.0);
  if (params.is_last != 0u) {
    let lse = state.x + log(state.y);
    logprob[row] = of_target - lse;
    next = vec4<f32>(lse, f32(target_token[row]), 0.0, 0.0);
  }
  running[row] = next;
}
