// Attention of one new token per sequence over its cached keys and values, one invocation per (sequence, head),
// with an online softmax. The sequence's keys lie in slots b * capacity .. b * capacity + positions[b].

const HEAD_DIM: u32 = 32u;

struct Params {
  sequences: u32,
  capacity: u32,
  heads: u32,
  kv_heads: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> positions: array<u32>;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read> cache: array<f32>;
@group(0) @binding(4) var<storage, read_write> attended: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = wid.x * 32u + lane;
  if (i >= params.sequences * params.heads) { return; }
  let sequence = i / params.heads;
  let head = i % params.heads;
  let kv_head = head / (params.heads / params.kv_heads);
  let stride = (params.heads + 2u * params.kv_heads) * HEAD_DIM;
  let width = params.kv_heads * HEAD_DIM;
  let values = params.sequences * params.capacity * width;
  var q: array<f32, HEAD_DIM>;
  var sum: array<f32, HEAD_DIM>;
  for (var d = 0u; d < HEAD_DIM; d++) {
    q[d] = qkv[sequence * stride + head * HEAD_DIM + d] * params.scale;
    sum[d] = 0.0;
  }
  var largest = -3.0e38;
  var total = 0.0;
  for (var j = 0u; j <= positions[sequence]; j++) {
    let at = (sequence * params.capacity + j) * width + kv_head * HEAD_DIM;
    var score = 0.0;
    for (var d = 0u; d < HEAD_DIM; d++) { score += q[d] * cache[at + d]; }
    let next = max(largest, score);
    let keep = exp(largest - next);
    let weight = exp(score - next);
    total = total * keep + weight;
    for (var d = 0u; d < HEAD_DIM; d++) { sum[d] = sum[d] * keep + weight * cache[values + at + d]; }
    largest = next;
  }
  for (var d = 0u; d < HEAD_DIM; d++) { attended[i * HEAD_DIM + d] = sum[d] / total; }
}
