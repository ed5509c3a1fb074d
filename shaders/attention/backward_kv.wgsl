// dk and dv of attention, one invocation per (key, key head): walks over the queries that see the key, in order, and
// over the query heads of its group: dv = sum p do, dk = sum p (do . v - delta) q / sqrt(D).

const HEAD_DIM: u32 = 32u;

struct Params {
  rows: u32,
  heads: u32,
  kv_heads: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
// Per key: one past the last query that sees it (the first is the key's own token).
@group(0) @binding(2) var<storage, read> query_end: array<u32>;
@group(0) @binding(3) var<storage, read> qkv: array<f32>;
@group(0) @binding(4) var<storage, read> dattended: array<f32>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read> delta: array<f32>;
@group(0) @binding(7) var<storage, read_write> dqkv: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * groups.x + wid.x) * 32u + lane;
  if (i >= params.rows * params.kv_heads) { return; }
  let key = i / params.kv_heads;
  let kv_head = i % params.kv_heads;
  let group_size = params.heads / params.kv_heads;
  let stride = (params.heads + 2u * params.kv_heads) * HEAD_DIM;
  let key_at = key * stride + (params.heads + kv_head) * HEAD_DIM;
  let value_at = key_at + params.kv_heads * HEAD_DIM;

  var k: array<f32, HEAD_DIM>;
  var v: array<f32, HEAD_DIM>;
  var dk: array<f32, HEAD_DIM>;
  var dv: array<f32, HEAD_DIM>;
  for (var d = 0u; d < HEAD_DIM; d++) {
    k[d] = qkv[key_at + d] * params.scale;
    v[d] = qkv[value_at + d];
    dk[d] = 0.0;
    dv[d] = 0.0;
  }
  for (var row = key; row < query_end[key]; row++) {
    let range = visible[row];
    let sees = (range.x <= key && key < range.y) || (range.z <= key && key < range.w);
    if (!sees) { continue; }
    for (var g = 0u; g < group_size; g++) {
      let head = kv_head * group_size + g;
      let at = row * params.heads + head;
      var score = 0.0;
      var dweight = 0.0;
      for (var d = 0u; d < HEAD_DIM; d++) {
        score += k[d] * qkv[row * stride + head * HEAD_DIM + d];
        dweight += v[d] * dattended[at * HEAD_DIM + d];
      }
      let weight = exp(score - lse[at]);
      let dscore = weight * (dweight - delta[at]) * params.scale;
      for (var d = 0u; d < HEAD_DIM; d++) {
        dv[d] += weight * dattended[at * HEAD_DIM + d];
        dk[d] += dscore * qkv[row * stride + head * HEAD_DIM + d];
      }
    }
  }
  for (var d = 0u; d < HEAD_DIM; d++) {
    dqkv[key_at + d] = dk[d];
    dqkv[value_at + d] = dv[d];
  }
}
