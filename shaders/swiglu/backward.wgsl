// With s = sigmoid(gate): dgate = dact * up * s * (1 + gate * (1 - s)), dup = dact * gate * s.

// Four columns at a time; f32 where the width is no multiple of four.
alias Value = vec4<f32>;

struct Params {
  rows: u32,
  width: u32, // of gate, of up, and of act, in Values
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate_up: array<Value>;
@group(0) @binding(2) var<storage, read> dact: array<Value>;
@group(0) @binding(3) var<storage, read_write> dgate_up: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (id.x >= params.width) { return; }
  for (var row = id.y; row < params.rows; row += groups.y) {
    let at = row * 2u * params.width + id.x;
    let gate = gate_up[at];
    let up = gate_up[at + params.width];
    let d = dact[row * params.width + id.x];
    let s = 1.0 / (1.0 + exp(-gate));
    dgate_up[at] = d * up * s * (1.0 + gate * (1.0 - s));
    dgate_up[at + params.width] = d * gate * s;
  }
}
