// Flash attention over the packed mask (Dao et al. 2022) in shared-memory tiles, for GPUs: a workgroup makes 64 queries of a
// head and walks over the keys that any of them sees, 32 at a time, with an online softmax (Milakov & Gimelshein 2018):
// out = softmax(q k^T / sqrt(D)) v. Saves only the log-sum-exp, never a [T, T] matrix.
// qkv[t] = [queries | keys | values]; grouped queries share a key head without copies. 128 invocations in a grid of 16 x 8:
// each makes 4 x 4 scores, and 4 queries x 4 dimensions of every slice of the output. Any head_dim.

const HEAD_DIM: u32 = 32u;
// Slices of a head, rounded up: of 16 dimensions in products over dimensions, of 32 in sums over keys or queries.
const SLICES: u32 = 2u;
const WIDE_SLICES: u32 = 1u;
const SUMS: u32 = 4u * WIDE_SLICES;
// Whether loops have a constant bound, which compilers unroll: right on GPUs, but software adapters' compilers take minutes.
// The device decides (src/gpu/gpu.ts).
const UNROLL: bool = true;

struct Params {
  rows: u32,
  heads: u32,
  kv_heads: u32,
  scale: f32,
  first: u32, // workgroup of this dispatch, where the blocks and heads are divided among several
  depth: u32, // 16, of a slice of a product
  wide_depth: u32, // 32, of keys or queries walked over at a time
  head_dim: u32, // HEAD_DIM
  slices: u32, // SLICES
  wide_slices: u32, // WIDE_SLICES
}

@group(0) @binding(0) var<uniform> params: Params;

fn depth() -> u32 {
  if (UNROLL) { return 16u; }
  return params.depth;
}

fn slices() -> u32 {
  if (UNROLL) { return SLICES; }
  return params.slices;
}

fn wide_slices() -> u32 {
  if (UNROLL) { return WIDE_SLICES; }
  return params.wide_slices;
}

fn wide_depth() -> u32 {
  if (UNROLL) { return 32u; }
  return params.wide_depth;
}

// Per query (start1, end1, start2, end2): it sees keys start1 <= j < end1 and start2 <= j < end2, which are disjoint.
@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
// Per block of 64 queries the same four, of all its queries together; then (one past the last query that sees one of the
// block's 64 tokens, 0, 0, 0).
@group(0) @binding(2) var<storage, read> spans: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> qkv: array<f32>;
@group(0) @binding(4) var<storage, read_write> attended: array<f32>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;

// Factors of a product over 16 dimensions, four rows to a vec4: [16][17] of 64 rows, then [16][9] of 32; or 32 rows of
// 32 dimensions, four dimensions to a vec4. The odd strides keep lanes out of each other's banks.
var<workgroup> tile: array<vec4<f32>, 416>;
const RIGHT: u32 = 272u;

// 64 x 32 weights, or gradients of scores.
var<workgroup> weights: array<f32, 2112>;

fn put(at: u32, v: vec4<f32>) {
  weights[at] = v.x;
  weights[at + 1u] = v.y;
  weights[at + 2u] = v.z;
  weights[at + 3u] = v.w;
}

// Of each query: what its sums so far are to be multiplied by.
var<workgroup> factors: array<f32, 64>;

// Dimension d of four rows of qkv that lie `stride` apart, from `column` on; 0 beyond the head.
fn qkv_rows(row: u32, stride: u32, column: u32, d: u32) -> vec4<f32> {
  if (d >= HEAD_DIM) { return vec4<f32>(); }
  let last = params.rows - 1u;
  let at = column + d;
  return vec4<f32>(
    qkv[min(row, last) * stride + at],
    qkv[min(row + 1u, last) * stride + at],
    qkv[min(row + 2u, last) * stride + at],
    qkv[min(row + 3u, last) * stride + at],
  );
}

// Dimensions d to d + 3 of one row of qkv; 0 beyond the head.
fn qkv_dims(row: u32, stride: u32, column: u32, d: u32) -> vec4<f32> {
  let at = min(row, params.rows - 1u) * stride + column + d;
  var v = vec4<f32>();
  if (d < HEAD_DIM) { v.x = qkv[at]; }
  if (d + 1u < HEAD_DIM) { v.y = qkv[at + 1u]; }
  if (d + 2u < HEAD_DIM) { v.z = qkv[at + 2u]; }
  if (d + 3u < HEAD_DIM) { v.w = qkv[at + 3u]; }
  return v;
}

fn store_attended(at: u32, d: u32, v: vec4<f32>) {
  if (d < HEAD_DIM) { attended[at + d] = v.x; }
  if (d + 1u < HEAD_DIM) { attended[at + d + 1u] = v.y; }
  if (d + 2u < HEAD_DIM) { attended[at + d + 2u] = v.z; }
  if (d + 3u < HEAD_DIM) { attended[at + d + 3u] = v.w; }
}

// Which of four keys from `key` on lie in start <= j < end.
fn sees(start: u32, end: u32, key: u32) -> vec4<bool> {
  let keys = vec4<u32>(key, key + 1u, key + 2u, key + 3u);
  return (vec4<u32>(start) <= keys) & (keys < vec4<u32>(end));
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = params.first + wid.y * groups.x + wid.x;
  let block = i / params.heads;
  if (block * 64u >= params.rows) { return; }
  let head = i % params.heads;
  let row = block * 64u;
  let x = lane % 8u;
  let y = lane / 8u;
  let last = params.rows - 1u;
  let stride = (params.heads + 2u * params.kv_heads) * HEAD_DIM;
  let q_column = head * HEAD_DIM;
  let k_column = (params.heads + head / (params.heads / params.kv_heads)) * HEAD_DIM;
  let v_column = k_column + params.kv_heads * HEAD_DIM;
  let visible0 = visible[min(row + y * 4u, last)];
  let visible1 = visible[min(row + y * 4u + 1u, last)];
  let visible2 = visible[min(row + y * 4u + 2u, last)];
  let visible3 = visible[min(row + y * 4u + 3u, last)];
  let span = spans[2u * block];
  var sums: array<vec4<f32>, SUMS>;
  // Of query `lane`, for the first 64 invocations.
  var largest = -3.0e38;
  var total = 0.0;
  for (var part = 0u; part < depth() / 8u; part++) {
    let first_key = select(span.z, span.x, part == 0u);
    let end_key = select(span.w, span.y, part == 0u);
    for (var key = first_key; key < end_key; key += 32u) {
      var s0 = vec4<f32>();
      var s1 = vec4<f32>();
      var s2 = vec4<f32>();
      var s3 = vec4<f32>();
      for (var slice = 0u; slice < slices(); slice++) {
        let d = slice * 16u + lane % 16u;
        workgroupBarrier();
        tile[lane % 16u * 17u + lane / 16u] = qkv_rows(row + lane / 16u * 4u, stride, q_column, d);
        tile[lane % 16u * 17u + lane / 16u + 8u] = qkv_rows(row + lane / 16u * 4u + 32u, stride, q_column, d);
        tile[RIGHT + lane % 16u * 9u + lane / 16u] = qkv_rows(key + lane / 16u * 4u, stride, k_column, d);
        workgroupBarrier();
        for (var n = 0u; n < depth(); n++) {
          let a = tile[n * 17u + y];
          let b = tile[RIGHT + n * 9u + x];
          s0 += a.x * b;
          s1 += a.y * b;
          s2 += a.z * b;
          s3 += a.w * b;
        }
      }
      let range0 = select(visible0.zw, visible0.xy, part == 0u);
      let range1 = select(visible1.zw, visible1.xy, part == 0u);
      let range2 = select(visible2.zw, visible2.xy, part == 0u);
      let range3 = select(visible3.zw, visible3.xy, part == 0u);
      let hidden = vec4<f32>(-3.0e38);
      put((y * 4u + 0u) * 33u + x * 4u, select(hidden, s0 * params.scale, sees(range0.x, range0.y, key + x * 4u)));
      put((y * 4u + 1u) * 33u + x * 4u, select(hidden, s1 * params.scale, sees(range1.x, range1.y, key + x * 4u)));
      put((y * 4u + 2u) * 33u + x * 4u, select(hidden, s2 * params.scale, sees(range2.x, range2.y, key + x * 4u)));
      put((y * 4u + 3u) * 33u + x * 4u, select(hidden, s3 * params.scale, sees(range3.x, range3.y, key + x * 4u)));
      workgroupBarrier();
      if (lane < 64u) {
        let at = lane * 33u;
        var next = largest;
        for (var n = 0u; n < wide_depth(); n++) { next = max(next, weights[at + n]); }
        let keep = exp(largest - next);
        total *= keep;
        for (var n = 0u; n < wide_depth(); n++) {
          let score = weights[at + n];
          let weight = select(0.0, exp(score - next), score > -2.0e38);
          weights[at + n] = weight;
          total += weight;
        }
        largest = next;
        factors[lane] = keep;
      }
      workgroupBarrier();
      let keep = vec4<f32>(factors[y * 4u], factors[y * 4u + 1u], factors[y * 4u + 2u], factors[y * 4u + 3u]);
      for (var slice = 0u; slice < wide_slices(); slice++) {
        workgroupBarrier();
        tile[lane] = qkv_dims(key + lane / 8u, stride, v_column, slice * 32u + x * 4u);
        tile[lane + 128u] = qkv_dims(key + lane / 8u + 16u, stride, v_column, slice * 32u + x * 4u);
        workgroupBarrier();
        var sum0 = sums[slice * 4u + 0u] * keep.x;
        var sum1 = sums[slice * 4u + 1u] * keep.y;
        var sum2 = sums[slice * 4u + 2u] * keep.z;
        var sum3 = sums[slice * 4u + 3u] * keep.w;
        for (var n = 0u; n < wide_depth(); n++) {
          let b = tile[n * 8u + x];
          sum0 += weights[(y * 4u + 0u) * 33u + n] * b;
          sum1 += weights[(y * 4u + 1u) * 33u + n] * b;
          sum2 += weights[(y * 4u + 2u) * 33u + n] * b;
          sum3 += weights[(y * 4u + 3u) * 33u + n] * b;
        }
        sums[slice * 4u + 0u] = sum0;
        sums[slice * 4u + 1u] = sum1;
        sums[slice * 4u + 2u] = sum2;
        sums[slice * 4u + 3u] = sum3;
      }
    }
  }
  workgroupBarrier();
  if (lane < 64u) {
    factors[lane] = 1.0 / total;
    if (row + lane <= last) { lse[(row + lane) * params.heads + head] = largest + log(total); }
  }
  workgroupBarrier();
  for (var r = 0u; r < depth() / 4u; r++) {
    let query = row + y * 4u + r;
    if (query > last) { break; }
    for (var slice = 0u; slice < wide_slices(); slice++) {
      store_attended((query * params.heads + head) * HEAD_DIM, slice * 32u + x * 4u, sums[slice * 4u + r] * factors[y * 4u + r]);
    }
  }
}
