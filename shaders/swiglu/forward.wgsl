// act = silu(gate) * up, where gate and up lie side by side in one row: gate_up[t] = [gate | up] (Shazeer 2020, eq. 6).

// Four columns at a time; f32 where the width is no multiple of four.
alias Value = vec4<f32>;

struct Params {
  rows: u32,
  width: u32, // of gate, of up, and of act, in Values
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate_up: array<Value>;
@group(0) @binding(2) var<storage, read_write> act: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (id.x >= params.width) { return; }
  for (var row = id.y; row < params.rows; row += groups.y) {
    let at = row * 2u * params.width + id.x;
    let gate = gate_up[at];
    act[row * params.width + id.x] = gate / (1.0 + exp(-gate)) * gate_up[at + params.width];
  }
}
