// With s = sigmoid(gate): dgate = dact * up * s * (1 + gate * (1 - s)), dup = dact * gate * s.

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate_up: array<f32>;
@group(0) @binding(2) var<storage, read> dact: array<f32>;
@group(0) @binding(3) var<storage, read_write> dgate_up: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * groups.x + wid.x) * 64u + lane;
  if (i >= params.rows * params.width) { return; }
  let at = (i / params.width) * 2u * params.width + i % params.width;
  let gate = gate_up[at];
  let up = gate_up[at + params.width];
  let s = 1.0 / (1.0 + exp(-gate));
  dgate_up[at] = dact[i] * up * s * (1.0 + gate * (1.0 - s));
  dgate_up[at + params.width] = dact[i] * gate * s;
}
