// dq of attention in shared-memory tiles, for GPUs: a workgroup makes 64 queries of a head and walks over the keys that any
// of them sees, 32 at a time, recomputing p = exp(q k / sqrt(D) - lse), so that dq = sum_j p_j (do . v_j - delta) k_j / sqrt(D)
// with delta = do . out (Dao et al. 2022, appendix B.2). Leaves delta behind for the keys' pass. Any head_dim.

// include parts/attention_tile
// include parts/attention_tile_backward
// include parts/attention_sees

@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
// As in forward_tiled.wgsl.
@group(0) @binding(2) var<storage, read> spans: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> qkv: array<f32>;
@group(0) @binding(4) var<storage, read> attended: array<f32>;
@group(0) @binding(5) var<storage, read> dattended: array<f32>;
@group(0) @binding(6) var<storage, read> lse: array<f32>;
@group(0) @binding(7) var<storage, read_write> delta: array<f32>;
@group(0) @binding(8) var<storage, read_write> dqkv: array<f32>;

var<workgroup> deltas: array<f32, 64>;

// do . v of 64 queries and 32 keys.
fn gradient_product(lane: u32, row: u32, width: u32, q_column: u32, key: u32, stride: u32, v_column: u32) -> mat4x4<f32> {
  var sum = mat4x4<f32>();
  for (var slice = 0u; slice < slices(); slice++) {
    let d = slice * 16u + lane % 16u;
    let at = lane % 16u * 17u + lane / 16u;
    let four = lane / 16u * 4u;
    workgroupBarrier();
    tile[at] = dattended_rows(row + four, width, q_column, d);
    tile[at + 8u] = dattended_rows(row + four + 32u, width, q_column, d);
    tile[RIGHT + lane % 16u * 9u + lane / 16u] = qkv_rows(key + four, stride, v_column, d);
    workgroupBarrier();
    sum = multiply_tile(sum, lane % 8u, lane / 8u);
  }
  return sum;
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
  let width = params.heads * HEAD_DIM;
  let stride = (params.heads + 2u * params.kv_heads) * HEAD_DIM;
  let q_column = head * HEAD_DIM;
  let k_column = (params.heads + head / (params.heads / params.kv_heads)) * HEAD_DIM;
  let v_column = k_column + params.kv_heads * HEAD_DIM;
  if (lane < 64u) {
    let at = min(row + lane, last) * width + q_column;
    var sum = 0.0;
    for (var d = 0u; d < head_dim(); d++) { sum += dattended[at + d] * attended[at + d]; }
    deltas[lane] = sum;
    if (row + lane <= last) { delta[(row + lane) * params.heads + head] = sum; }
  }
  workgroupBarrier();
  let span = spans[2u * block];
  var sums: array<mat4x4<f32>, WIDE_SLICES>;
  for (var part = 0u; part < depth() / 8u; part++) {
    let keys = range_of(span, part);
    for (var key = keys.x; key < keys.y; key += 32u) {
      var s = qkv_product(lane, stride, row, q_column, key, k_column);
      var w = gradient_product(lane, row, width, q_column, key, stride, v_column);
      var gradients = mat4x4<f32>();
      for (var r = 0u; r < depth() / 4u; r++) {
        let query = min(row + y * 4u + r, last);
        let sees = sees_keys(range_of(visible[query], part), key + x * 4u);
        let p = select(vec4<f32>(), exp(s[r] * params.scale - lse[query * params.heads + head]), sees);
        gradients[r] = p * (w[r] - deltas[y * 4u + r]) * params.scale;
      }
      put_weights(gradients, x, y);
      weigh_qkv(&sums, vec4<f32>(1.0), lane, stride, key, k_column);
    }
  }
  for (var r = 0u; r < depth() / 4u; r++) {
    let query = row + y * 4u + r;
    if (query > last) { break; }
    for (var slice = 0u; slice < wide_slices(); slice++) {
      store_dqkv(query * stride + q_column, slice * 32u + x * 4u, sums[slice][r]);
    }
  }
}
