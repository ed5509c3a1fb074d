// Second half of the global norm, and what the update of this step needs: clip coefficient, bias corrections, and
// whether the step is applied at all. A norm that is not finite (seen on its exponent bits: WGSL may assume that there
// is no NaN) skips the step; the count of applied steps then stays, as if the step had not been.

struct Params {
  blocks: u32,
}

struct Step {
  learning_rate: f32,
  max_grad_norm: f32, // 0: no clipping
  log_beta1: f32,
  log_beta2: f32,
}

struct State {
  applied: u32, // steps applied so far
  apply: u32, // whether this step is applied
  scale: f32, // of the gradient, from clipping
  correction1: f32, // 1 - beta1^t
  correction2: f32, // 1 - beta2^t
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: Step;
@group(0) @binding(2) var<storage, read> partial_sums: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: State;
@group(0) @binding(4) var<storage, read_write> metrics: array<f32>;

var<workgroup> sums: array<f32, 64>;

// 1 - exp(x) for x <= 0 without cancellation near 0: the first terms of its series where x is small.
fn one_minus_exp(x: f32) -> f32 {
  if (x < -0.05) { return 1.0 - exp(x); }
  return -x * (1.0 + x / 2.0 * (1.0 + x / 3.0 * (1.0 + x / 4.0 * (1.0 + x / 5.0))));
}

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < params.blocks; i += 64u) { sum += partial_sums[i]; }
  sums[lane] = sum;
  workgroupBarrier();
  if (lane != 0u) { return; }
  var total = 0.0;
  for (var i = 0u; i < 64u; i++) { total += sums[i]; }
  let norm = sqrt(total);
  let finite = (bitcast<u32>(total) & 0x7f800000u) != 0x7f800000u;
  state.apply = select(0u, 1u, finite);
  if (finite) {
    state.applied += 1u;
    let t = f32(state.applied);
    state.correction1 = one_minus_exp(t * step.log_beta1);
    state.correction2 = one_minus_exp(t * step.log_beta2);
    state.scale = 1.0;
    if (step.max_grad_norm > 0.0) { state.scale = min(1.0, step.max_grad_norm / (norm + 1e-6)); }
  }
  metrics[8] = norm;
  metrics[9] = select(1.0, 0.0, finite);
}
