// Greedy choice of the next token, one workgroup per sequence: the largest logit, the lowest id among equals, as
// PyTorch's argmax. Appends it to the output and sets up the sequence's next step (token, position, cache slot);
// a sequence that has ended (end-of-sequence token, or `limit` tokens) stays as it is.

struct Params {
  sequences: u32,
  vocabulary: u32,
  limit: u32, // new tokens per sequence
  capacity: u32, // cache slots per sequence
  eos_count: u32,
  eos: vec4<u32>,
}

struct Sequence {
  token: u32,
  length: u32, // tokens generated
  done: u32, // 0 running, 1 ended by an end-of-sequence token, 2 by the limit
  unused: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> sequences: array<Sequence>;
@group(0) @binding(3) var<storage, read_write> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> positions: array<u32>;
@group(0) @binding(5) var<storage, read_write> slot: array<u32>;
@group(0) @binding(6) var<storage, read_write> output: array<u32>;

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
  if (lane != 0u || sequences[b].done != 0u) { return; }
  let token = min(best_id[0], params.vocabulary - 1u);
  for (var e = 0u; e < params.eos_count; e++) {
    if (params.eos[e] == token) {
      sequences[b].done = 1u;
      return;
    }
  }
  let length = sequences[b].length;
  output[b * params.limit + length] = token;
  sequences[b].length = length + 1u;
  if (length + 1u >= params.limit) {
    sequences[b].done = 2u;
    return;
  }
  ids[b] = token;
  let position = positions[b] + 1u;
  positions[b] = position;
  slot[b] = b * params.capacity + position;
}
