// act = silu(gate) * up, where gate and up lie side by side in one row: gate_up[t] = [gate | up] (Shazeer 2020, eq. 6). Backward,
// with s = sigmoid(gate): dgate = dact * up * s * (1 + gate * (1 - s)), dup = dact * gate * s, side by side as well.
// One kernel, as both load the same, and software adapters' compilers take long over each load and each kernel.

// Four columns at a time; f32 where the width is no multiple of four.
alias Value = vec4<f32>;

struct Params {
  rows: u32,
  width: u32, // of gate, of up, and of act, in Values
  backward: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gate_up: array<Value>;
// Backward alone.
@group(0) @binding(2) var<storage, read> dact: array<Value>;
// act, or dgate and dup.
@group(0) @binding(3) var<storage, read_write> result: array<Value>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  if (id.x >= params.width) { return; }
  for (var row = id.y; row < params.rows; row += groups.y) {
    let at_act = row * params.width + id.x;
    let at_gate = at_act + row * params.width;
    let at_up = at_gate + params.width;
    let gate = gate_up[at_gate];
    let up = gate_up[at_up];
    let s = 1.0 / (1.0 + exp(-gate));
    var at = at_act;
    var value = gate * s * up;
    if (params.backward != 0u) {
      let d = dact[at_act];
      result[at_up] = d * gate * s;
      at = at_gate;
      value = d * up * s * (1.0 + gate * (1.0 - s));
    }
    result[at] = value;
  }
}
