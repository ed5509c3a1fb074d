// dq of attention, one invocation per (query, head): recomputes p = exp(q k / sqrt(D) - lse) key by key, so that
// dq = sum_j p_j (do . v_j - delta) k_j / sqrt(D) with delta = do . out (Dao et al. 2022, appendix B.2).
// Leaves delta behind for the keys' pass.

const HEAD_DIM: u32 = 32u;

struct Params {
  rows: u32,
  heads: u32,
  kv_heads: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read> attended: array<f32>;
@group(0) @binding(4) var<storage, read> dattended: array<f32>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;
@group(0) @binding(7) var<storage, read_write> dqkv: array<f32>;

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
  var dout: array<f32, HEAD_DIM>;
  var dq: array<f32, HEAD_DIM>;
  var inner = 0.0;
  for (var d = 0u; d < HEAD_DIM; d++) {
    q[d] = qkv[row * stride + head * HEAD_DIM + d] * params.scale;
    dout[d] = dattended[i * HEAD_DIM + d];
    inner += dout[d] * attended[i * HEAD_DIM + d];
    dq[d] = 0.0;
  }
  delta[i] = inner;
  let row_lse = lse[i];
  let range = visible[row];
  for (var part = 0u; part < 2u; part++) {
    let first = select(range.z, range.x, part == 0u);
    let end = select(range.w, range.y, part == 0u);
    for (var j = first; j < end; j++) {
      var score = 0.0;
      var dweight = 0.0;
      for (var d = 0u; d < HEAD_DIM; d++) {
        score += q[d] * qkv[j * stride + key_column + d];
        dweight += dout[d] * qkv[j * stride + value_column + d];
      }
      let dscore = exp(score - row_lse) * (dweight - inner) * params.scale;
      for (var d = 0u; d < HEAD_DIM; d++) { dq[d] += dscore * qkv[j * stride + key_column + d]; }
    }
  }
  for (var d = 0u; d < HEAD_DIM; d++) { dqkv[row * stride + head * HEAD_DIM + d] = dq[d]; }
}
