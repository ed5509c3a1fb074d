// dq of attention, one invocation per (query, head): recomputes p = exp(q k / sqrt(D) - lse) key by key, so that
// dq = sum_j p_j (do . v_j - delta) k_j / sqrt(D) with delta = do . out (Dao et al. 2022, appendix B.2).
// Leaves delta behind for the keys' pass.

const HEAD_DIM: u32 = 32u;
// HEAD_DIM / 4, rounded up: dimensions are worked on four at a time.
const CHUNKS: u32 = 8u;
// Loops over dimensions have a constant bound on GPUs, whose compilers unroll them and keep the arrays in registers. On
// software adapters unrolling makes the compiler run for seconds, and memory is as near as registers: the bound is a
// parameter there.
const UNROLL: bool = false;

struct Params {
  rows: u32,
  heads: u32,
  kv_heads: u32,
  scale: f32,
  chunks: u32, // CHUNKS
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read> attended: array<f32>;
@group(0) @binding(4) var<storage, read> dattended: array<f32>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;
@group(0) @binding(7) var<storage, read_write> dqkv: array<f32>;

fn chunk_count() -> u32 {
  if (UNROLL) { return CHUNKS; }
  return params.chunks;
}

fn qkv_chunk(at: u32, c: u32) -> vec4<f32> {
  let i = at + 4u * c;
  if (HEAD_DIM % 4u == 0u) { return vec4<f32>(qkv[i], qkv[i + 1u], qkv[i + 2u], qkv[i + 3u]); }
  let left = HEAD_DIM - 4u * c;
  var v = vec4<f32>(qkv[i], 0.0, 0.0, 0.0);
  if (left > 1u) { v.y = qkv[i + 1u]; }
  if (left > 2u) { v.z = qkv[i + 2u]; }
  if (left > 3u) { v.w = qkv[i + 3u]; }
  return v;
}

fn attended_chunk(at: u32, c: u32) -> vec4<f32> {
  let i = at + 4u * c;
  if (HEAD_DIM % 4u == 0u) { return vec4<f32>(attended[i], attended[i + 1u], attended[i + 2u], attended[i + 3u]); }
  let left = HEAD_DIM - 4u * c;
  var v = vec4<f32>(attended[i], 0.0, 0.0, 0.0);
  if (left > 1u) { v.y = attended[i + 1u]; }
  if (left > 2u) { v.z = attended[i + 2u]; }
  if (left > 3u) { v.w = attended[i + 3u]; }
  return v;
}

fn dattended_chunk(at: u32, c: u32) -> vec4<f32> {
  let i = at + 4u * c;
  if (HEAD_DIM % 4u == 0u) { return vec4<f32>(dattended[i], dattended[i + 1u], dattended[i + 2u], dattended[i + 3u]); }
  let left = HEAD_DIM - 4u * c;
  var v = vec4<f32>(dattended[i], 0.0, 0.0, 0.0);
  if (left > 1u) { v.y = dattended[i + 1u]; }
  if (left > 2u) { v.z = dattended[i + 2u]; }
  if (left > 3u) { v.w = dattended[i + 3u]; }
  return v;
}

fn store_dqkv(at: u32, c: u32, v: vec4<f32>) {
  let i = at + 4u * c;
  let left = HEAD_DIM - 4u * c;
  dqkv[i] = v.x;
  if (left > 1u) { dqkv[i + 1u] = v.y; }
  if (left > 2u) { dqkv[i + 2u] = v.z; }
  if (left > 3u) { dqkv[i + 3u] = v.w; }
}

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

  let chunks = chunk_count();
  var q: array<vec4<f32>, CHUNKS>;
  var dout: array<vec4<f32>, CHUNKS>;
  var dq: array<vec4<f32>, CHUNKS>;
  var inner = 0.0;
  for (var c = 0u; c < chunks; c++) {
    q[c] = qkv_chunk(row * stride + head * HEAD_DIM, c) * params.scale;
    dout[c] = dattended_chunk(i * HEAD_DIM, c);
    inner += dot(dout[c], attended_chunk(i * HEAD_DIM, c));
    dq[c] = vec4<f32>();
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
      for (var c = 0u; c < chunks; c++) {
        score += dot(q[c], qkv_chunk(j * stride + key_column, c));
        dweight += dot(dout[c], qkv_chunk(j * stride + value_column, c));
      }
      let dscore = exp(score - row_lse) * (dweight - inner) * params.scale;
      for (var c = 0u; c < chunks; c++) { dq[c] += dscore * qkv_chunk(j * stride + key_column, c); }
    }
  }
  for (var c = 0u; c < chunks; c++) { store_dqkv(row * stride + head * HEAD_DIM, c, dq[c]); }
}
