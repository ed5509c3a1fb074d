// Attention over the packed mask, one invocation per (query, head), keys one after the other with an online softmax
// (Milakov & Gimelshein 2018): out = softmax(q k^T / sqrt(D)) v. Saves only the log-sum-exp, never a [T, T] matrix.
// qkv[t] = [queries | keys | values]; grouped queries share a key head without copies.

const HEAD_DIM: u32 = 32u;

struct Params {
  rows: u32,
  heads: u32,
  kv_heads: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// Per query (start1, end1, start2, end2): it sees keys start1 <= j < end1 and start2 <= j < end2, which are disjoint.
@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read_write> attended: array<f32>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * groups.x + wid.x) * 32u + lane;
  if (i >= params.rows * params.heads) { return; }
  let row = i / params.heads;
  let head = i % params.heads;
  let kv_head = head / (params.heads / params.kv_heads);
  let stride = (params.heads + 2u * params.kv_heads) * HEAD_DIM;
  let key_column = (params.heads + kv_head) * HEAD_DIM;
  let value_column = key_column + params.kv_heads * HEAD_DIM;

  var q: array<f32, HEAD_DIM>;
  var sum: array<f32, HEAD_DIM>;
  for (var d = 0u; d < HEAD_DIM; d++) {
    q[d] = qkv[row * stride + head * HEAD_DIM + d] * params.scale;
    sum[d] = 0.0;
  }
  var largest = -3.0e38;
  var total = 0.0;
  let range = visible[row];
  for (var part = 0u; part < 2u; part++) {
    let first = select(range.z, range.x, part == 0u);
    let end = select(range.w, range.y, part == 0u);
    for (var j = first; j < end; j++) {
      var score = 0.0;
      for (var d = 0u; d < HEAD_DIM; d++) { score += q[d] * qkv[j * stride + key_column + d]; }
      let next = max(largest, score);
      let keep = exp(largest - next);
      let weight = exp(score - next);
      total = total * keep + weight;
      for (var d = 0u; d < HEAD_DIM; d++) { sum[d] = sum[d] * keep + weight * qkv[j * stride + value_column + d]; }
      largest = next;
    }
  }
  for (var d = 0u; d < HEAD_DIM; d++) { attended[i * HEAD_DIM + d] = sum[d] / total; }
  lse[i] = largest + log(total);
}
