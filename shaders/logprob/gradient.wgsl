// Turns a chunk of logits, in place, into the gradient of the loss: dlogits = c (onehot - softmax), where c is
// dL / dlogprob of the target. The chunk's logits were computed anew: [T, V] is never held.

// Four columns at a time; f32 and u32 where the chunk is no multiple of four.
alias Value = vec4<f32>;
alias Index = vec4<u32>;
// Columns of a Value, counted from its first.
const STEPS = vec4<u32>(0u, 1u, 2u, 3u);

struct Params {
  rows: u32,
  width: u32, // of the chunk, in Values
  elements: u32, // of a Value
  first_column: u32, // vocabulary id of the chunk's first column
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> target_token: array<u32>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> coefficient: array<f32>;
@group(0) @binding(4) var<storage, read_write> logits: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (id.x >= params.width) { return; }
  let token = params.first_column + id.x * params.elements;
  for (var row = id.y; row < params.rows; row += groups.y) {
    let at = row * params.width + id.x;
    // Wraps around, to no step, where the target comes before.
    let hit = Value(Index(target_token[row] - token) == STEPS);
    logits[at] = coefficient[row] * (hit - exp(logits[at] - lse[row]));
  }
}
