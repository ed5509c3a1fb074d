// Turns a chunk of logits, in place, into the gradient of the loss: dlogits = c (onehot - softmax), where c is
// dL / dlogprob of the target. The chunk's logits were computed anew: [T, V] is never held.

struct Params {
  rows: u32,
  columns: u32,
  first_column: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> target_token: array<u32>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> coefficient: array<f32>;
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * groups.x + wid.x) * 64u + lane;
  if (i >= params.rows * params.columns) { return; }
  let row = i / params.columns;
  let token = params.first_column + i % params.columns;
  let hit = select(0.0, 1.0, token == target_token[row]);
  logits[i] = coefficient[row] * (hit - exp(logits[i] - lse[row]));
}
