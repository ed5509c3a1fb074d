// Flash attention over the packed mask (Dao et al. 2022) in shared-memory tiles, for GPUs: a workgroup makes 64 queries of a
// head and walks over the keys that any of them sees, 32 at a time, with an online softmax (Milakov & Gimelshein 2018):
// out = softmax(q k^T / sqrt(D)) v. Saves only the log-sum-exp, never a [T, T] matrix.
// qkv[t] = [queries | keys | values]; grouped queries share a key head without copies. Any head_dim.

// include parts/attention_tile
// include parts/attention_sees

// Per query (start1, end1, start2, end2): it sees keys start1 <= j < end1 and start2 <= j < end2, which are disjoint.
@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
// Per block of 64 queries the same four, of all its queries together; then (one past the last query that sees one of the
// block's 64 tokens, 0, 0, 0).
@group(0) @binding(2) var<storage, read> spans: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> qkv: array<f32>;
@group(0) @binding(4) var<storage, read_write> attended: array<f32>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;

// Of each query: what its sums so far are to be multiplied by.
var<workgroup> factors: array<f32, 64>;

fn store_attended(at: u32, d: u32, v: vec4<f32>) {
  if (d < HEAD_DIM) { attended[at + d] = v.x; }
  if (d + 1u < HEAD_DIM) { attended[at + d + 1u] = v.y; }
  if (d + 2u < HEAD_DIM) { attended[at + d + 2u] = v.z; }
  if (d + 3u < HEAD_DIM) { attended[at + d + 3u] = v.w; }
}

// Scaled scores of one query with four keys; those it does not see are lower than any score.
fn masked(score: vec4<f32>, range: vec2<u32>, key: u32) -> vec4<f32> {
  return select(vec4<f32>(-3.0e38), score * params.scale, sees_keys(range, key));
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
  var sums: array<mat4x4<f32>, WIDE_SLICES>;
  // Of query `lane`, for the first 64 invocations.
  var largest = -3.0e38;
  var total = 0.0;
  for (var part = 0u; part < depth() / 8u; part++) {
    let keys = range_of(span, part);
    for (var key = keys.x; key < keys.y; key += 32u) {
      let s = qkv_product(lane, stride, row, q_column, key, k_column);
      let first = key + x * 4u;
      put_weights(mat4x4<f32>(
        masked(s[0], range_of(visible0, part), first),
        masked(s[1], range_of(visible1, part), first),
        masked(s[2], range_of(visible2, part), first),
        masked(s[3], range_of(visible3, part), first),
      ), x, y);
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
      weigh_qkv(&sums, keep, lane, stride, key, v_column);
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
      store_attended((query * params.heads + head) * HEAD_DIM, slice * 32u + x * 4u, sums[slice][r] * factors[y * 4u + r]);
    }
  }
}
