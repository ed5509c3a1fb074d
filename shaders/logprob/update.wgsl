// Log-probabilities of targets in vocabulary chunks: folds one chunk of logits into a running maximum and sum
// (online log-sum-exp), and picks up the target's own logit when its chunk comes by. One workgroup per target.
// After the last chunk: logprob = logit[target] - lse.

struct Params {
  rows: u32,
  columns: u32, // of this chunk
  first_column: u32, // vocabulary id of the chunk's first column
  is_first: u32,
  is_last: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> target_token: array<u32>;
// Per target (maximum, sum of exponentials, logit of the target, unused).
@group(0) @binding(3) var<storage, read_write> running: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;
@group(0) @binding(5) var<storage, read_write> logprob: array<f32>;

var<workgroup> shared_values: array<f32, 32>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = wid.y * groups.x + wid.x;
  let live = group < params.rows;
  let row = min(group, params.rows - 1u);
  let base = row * params.columns;
  var largest = -3.0e38;
  for (var c = lane; c < params.columns; c += 32u) { largest = max(largest, logits[base + c]); }
  shared_values[lane] = largest;
  workgroupBarrier();
  for (var step = 16u; step > 0u; step >>= 1u) {
    if (lane < step) { shared_values[lane] = max(shared_values[lane], shared_values[lane + step]); }
    workgroupBarrier();
  }
  largest = shared_values[0];
  workgroupBarrier();
  var sum = 0.0;
  for (var c = lane; c < params.columns; c += 32u) { sum += exp(logits[base + c] - largest); }
  shared_values[lane] = sum;
  workgroupBarrier();
  for (var step = 16u; step > 0u; step >>= 1u) {
    if (lane < step) { shared_values[lane] += shared_values[lane + step]; }
    workgroupBarrier();
  }
  if (!live || lane != 0u) { return; }
  var state = vec4<f32>(largest, shared_values[0], 0.0, 0.0);
  if (params.is_first == 0u) {
    let before = running[row];
    let next = max(before.x, largest);
    state = vec4<f32>(next, before.y * exp(before.x - next) + state.y * exp(largest - next), before.z, 0.0);
  }
  let token = target_token[row];
  if (token >= params.first_column && token < params.first_column + params.columns) {
    state.z = logits[base + token - params.first_column];
  }
  running[row] = state;
  if (params.is_last != 0u) {
    let row_lse = state.x + log(state.y);
    lse[row] = row_lse;
    logprob[row] = state.z - row_lse;
  }
}
