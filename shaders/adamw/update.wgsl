// AdamW over flat buffers, in PyTorch's order (Loshchilov & Hutter 2019, algorithm 2):
//   p *= 1 - lr wd;  m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p -= lr / c1 * m / (sqrt(v) / sqrt(c2) + eps)
// with g clipped, c1 = 1 - b1^t and c2 = 1 - b2^t. moments[i] = (m, v).

struct Params {
  count: u32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  weight_decay: f32,
}

struct Step {
  learning_rate: f32,
  max_grad_norm: f32,
  log_beta1: f32,
  log_beta2: f32,
}

struct State {
  applied: u32,
  apply: u32,
  scale: f32,
  correction1: f32,
  correction2: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: Step;
@group(0) @binding(2) var<storage, read> state: State;
@group(0) @binding(3) var<storage, read> gradient: array<f32>;
@group(0) @binding(4) var<storage, read_write> moments: array<vec2<f32>>;
@group(0) @binding(5) var<storage, read_write> parameters: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * groups.x + wid.x) * 64u + lane;
  if (i >= params.count || state.apply == 0u) { return; }
  let g = gradient[i] * state.scale;
  let moment = moments[i];
  let m = params.beta1 * moment.x + (1.0 - params.beta1) * g;
  let v = params.beta2 * moment.y + (1.0 - params.beta2) * g * g;
  moments[i] = vec2<f32>(m, v);
  let lr = step.learning_rate;
  let p = parameters[i] * (1.0 - lr * params.weight_decay);
  parameters[i] = p - lr / state.correction1 * m / (sqrt(v) / sqrt(state.correction2) + params.epsilon);
}
