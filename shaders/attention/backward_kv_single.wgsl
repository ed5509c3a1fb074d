// dk and dv of attention, one invocation per (key, key head): walks over the queries that see the key, in order, and
// over the query heads of its group: dv = sum p do, dk = sum p (do . v - delta) q / sqrt(D).

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
// Per key: one past the last query that sees it (the first is the key's own token).
@group(0) @binding(2) var<storage, read> query_end: array<u32>;
@group(0) @binding(3) var<storage, read> qkv: array<f32>;
@group(0) @binding(4) var<storage, read> dattended: array<f32>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read> delta: array<f32>;
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
  if (i >= params.rows * params.kv_heads) { return; }
  let key = i / params.kv_heads;
  let kv_head = i % params.kv_heads;
  let group_size = params.heads / params.kv_heads;
  let stride = (params.heads + 2u * params.kv_heads) * HEAD_DIM;
  let key_at = key * stride + (params.heads + kv_head) * HEAD_DIM;
  let value_at = key_at + params.kv_heads * HEAD_DIM;

  let chunks = chunk_count();
  var k: array<vec4<f32>, CHUNKS>;
  var v: array<vec4<f32>, CHUNKS>;
  var dk: array<vec4<f32>, CHUNKS>;
  var dv: array<vec4<f32>, CHUNKS>;
  for (var c = 0u; c < chunks; c++) {
    k[c] = qkv_chunk(key_at, c) * params.scale;
    v[c] = qkv_chunk(value_at, c);
    dk[c] = vec4<f32>();
    dv[c] = vec4<f32>();
  }
  for (var row = key; row < query_end[key]; row++) {
    let range = visible[row];
    let sees = (range.x <= key && key < range.y) || (range.z <= key && key < range.w);
    if (!sees) { continue; }
    for (var g = 0u; g < group_size; g++) {
      let head = kv_head * group_size + g;
      let at = row * params.heads + head;
      let q_at = row * stride + head * HEAD_DIM;
      var score = 0.0;
      var dweight = 0.0;
      for (var c = 0u; c < chunks; c++) {
        score += dot(k[c], qkv_chunk(q_at, c));
        dweight += dot(v[c], dattended_chunk(at * HEAD_DIM, c));
      }
      let weight = exp(score - lse[at]);
      let dscore = weight * (dweight - delta[at]) * params.scale;
      for (var c = 0u; c < chunks; c++) {
        dv[c] += weight * dattended_chunk(at * HEAD_DIM, c);
        dk[c] += dscore * qkv_chunk(q_at, c);
      }
    }
  }
  for (var c = 0u; c < chunks; c++) {
    store_dqkv(key_at, c, dk[c]);
    store_dqkv(value_at, c, dv[c]);
  }
}
