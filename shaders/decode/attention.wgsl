// Attention of one new token per sequence over its cached keys and values, one invocation per (sequence, head),
// with an online softmax. The sequence's keys lie in slots b * capacity .. b * capacity + positions[b].

const HEAD_DIM: u32 = 32u;
// HEAD_DIM / 4, rounded up: dimensions are worked on four at a time.
const CHUNKS: u32 = 8u;
// Loops over dimensions have a constant bound on GPUs, whose compilers unroll them and keep the arrays in registers. On
// software adapters unrolling makes the compiler run for seconds, and memory is as near as registers: the bound is a
// parameter there.
const UNROLL: bool = true;

struct Params {
  sequences: u32,
  capacity: u32,
  heads: u32,
  kv_heads: u32,
  scale: f32,
  chunks: u32, // CHUNKS
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> positions: array<u32>;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read> cache: array<f32>;
@group(0) @binding(4) var<storage, read_write> attended: array<f32>;

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

fn cache_chunk(at: u32, c: u32) -> vec4<f32> {
  let i = at + 4u * c;
  if (HEAD_DIM % 4u == 0u) { return vec4<f32>(cache[i], cache[i + 1u], cache[i + 2u], cache[i + 3u]); }
  let left = HEAD_DIM - 4u * c;
  var v = vec4<f32>(cache[i], 0.0, 0.0, 0.0);
  if (left > 1u) { v.y = cache[i + 1u]; }
  if (left > 2u) { v.z = cache[i + 2u]; }
  if (left > 3u) { v.w = cache[i + 3u]; }
  return v;
}

fn store_attended(at: u32, c: u32, v: vec4<f32>) {
  let i = at + 4u * c;
  let left = HEAD_DIM - 4u * c;
  attended[i] = v.x;
  if (left > 1u) { attended[i + 1u] = v.y; }
  if (left > 2u) { attended[i + 2u] = v.z; }
  if (left > 3u) { attended[i + 3u] = v.w; }
}

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
  let chunks = chunk_count();
  var q: array<vec4<f32>, CHUNKS>;
  var sum: array<vec4<f32>, CHUNKS>;
  for (var c = 0u; c < chunks; c++) {
    q[c] = qkv_chunk(sequence * stride + head * HEAD_DIM, c) * params.scale;
    sum[c] = vec4<f32>();
  }
  var largest = -3.0e38;
  var total = 0.0;
  for (var j = 0u; j <= positions[sequence]; j++) {
    let at = (sequence * params.capacity + j) * width + kv_head * HEAD_DIM;
    var score = 0.0;
    for (var c = 0u; c < chunks; c++) { score += dot(q[c], cache_chunk(at, c)); }
    let next = max(largest, score);
    let keep = exp(largest - next);
    let weight = exp(score - next);
    total = total * keep + weight;
    for (var c = 0u; c < chunks; c++) { sum[c] = sum[c] * keep + weight * cache_chunk(values + at, c); }
    largest = next;
  }
  for (var c = 0u; c < chunks; c++) { store_attended(i * HEAD_DIM, c, sum[c] / total); }
}
