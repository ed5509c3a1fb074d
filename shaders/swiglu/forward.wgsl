// act = silu(gate) * up, where gate and up lie side by side in one row: gate_up[t] = [gate | up] (Shazeer 2020, eq. 6).

struct Params {
  rows: u32,
  width: u32, // of gate, of up, and of act
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate_up: array<f32>;
@group(0) @binding(2) var<storage, read_write> act: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * groups.x + wid.x) * 64u + lane;
  if (i >= params.rows * params.width) { return; }
  let at = (i / params.width) * 2u * params.width + i % params.width;
  let gate = gate_up[at];
  act[i] = gate / (1.0 + exp(-gate)) * gate_up[at + params.width];
}
