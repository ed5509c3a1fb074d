// Greedy choice of the next token, one workgroup per sequence: the largest logit, the lowest id among equals, as
// PyTorch's argmax. advance.wgsl does the rest.

struct Params {
  sequences: u32,
  vocabulary: u32,
}

// As in advance.wgsl.
struct Sequence {
  token: u32,
  length: u32,
  done: u32,
  unused: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> sequences: array<Sequence>;

var<workgroup> best_value: array<f32, 64>;
var<workgroup> best_id: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let b = wid.x;
  var value = -3.4e38;
  var id = 0xffffffffu;
  for (var v = lane; v < params.vocabulary; v += 64u) {
    let logit = logits[b * params.vocabulary + v];
    if (logit > value) {
      value = logit;
      id = v;
    }
  }
  best_value[lane] = value;
  best_id[lane] = id;
  workgroupBarrier();
  for (var step = 32u; step > 0u; step >>= 1u) {
    if (lane < step) {
      let other = best_value[lane + step];
      let other_id = best_id[lane + step];
      if (other > best_value[lane] || (other == best_value[lane] && other_id < best_id[lane])) {
        best_value[lane] = other;
        best_id[lane] = other_id;
      }
    }
    workgroupBarrier();
  }
  if (lane == 0u) { sequences[b].token = min(best_id[0], params.vocabulary - 1u); }
}
