// dk and dv of attention in shared-memory tiles, for GPUs: a workgroup makes 64 keys of a key head and walks over the queries
// that may see them, 32 at a time, and over the query heads of its group: dv = sum p do, dk = sum p (do . v - delta) q / sqrt(D).
// Blocks of queries none of which sees one of the keys are passed over. Any head_dim.

// include parts/attention_tile
// include parts/attention_tile_backward

@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
// As in forward_tiled.wgsl.
@group(0) @binding(2) var<storage, read> spans: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> qkv: array<f32>;
@group(0) @binding(4) var<storage, read> dattended: array<f32>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read> delta: array<f32>;
@group(0) @binding(7) var<storage, read_write> dqkv: array<f32>;

// Dimensions d to d + 3 of one row of dattended; 0 beyond the head.
fn dattended_dims(row: u32, stride: u32, column: u32, d: u32) -> vec4<f32> {
  let at = min(row, params.rows - 1u) * stride + column + d;
  var v = vec4<f32>();
  if (d < HEAD_DIM) { v.x = dattended[at]; }
  if (d + 1u < HEAD_DIM) { v.y = dattended[at + 1u]; }
  if (d + 2u < HEAD_DIM) { v.z = dattended[at + 2u]; }
  if (d + 3u < HEAD_DIM) { v.w = dattended[at + 3u]; }
  return v;
}

// v . do of 64 keys and 32 queries.
fn gradient_product(lane: u32, key: u32, stride: u32, v_column: u32, row: u32, width: u32, q_column: u32) -> mat4x4<f32> {
  var sum = mat4x4<f32>();
  for (var slice = 0u; slice < slices(); slice++) {
    let d = slice * 16u + lane % 16u;
    let at = lane % 16u * 17u + lane / 16u;
    let four = lane / 16u * 4u;
    workgroupBarrier();
    tile[at] = qkv_rows(key + four, stride, v_column, d);
    tile[at + 8u] = qkv_rows(key + four + 32u, stride, v_column, d);
    tile[RIGHT + lane % 16u * 9u + lane / 16u] = dattended_rows(row + four, width, q_column, d);
    workgroupBarrier();
    sum = multiply_tile(sum, lane % 8u, lane / 8u);
  }
  return sum;
}

// sums + weights times 32 rows of dattended.
fn weigh_dattended(sums: ptr<function, array<mat4x4<f32>, WIDE_SLICES>>, lane: u32, row: u32, width: u32, q_column: u32) {
  let x = lane % 8u;
  for (var slice = 0u; slice < wide_slices(); slice++) {
    workgroupBarrier();
    tile[lane] = dattended_dims(row + lane / 8u, width, q_column, slice * 32u + x * 4u);
    tile[lane + 128u] = dattended_dims(row + lane / 8u + 16u, width, q_column, slice * 32u + x * 4u);
    workgroupBarrier();
    (*sums)[slice] = weigh_tile((*sums)[slice], x, lane / 8u);
  }
}

// Which of four queries from `row` on see a key.
fn seen(row: u32, key: u32) -> vec4<bool> {
  var result = vec4<bool>();
  for (var n = 0u; n < depth() / 4u; n++) {
    let range = visible[min(row + n, params.rows - 1u)];
    let sees = row + n < params.rows && ((range.x <= key && key < range.y) || (range.z <= key && key < range.w));
    result = vec4<bool>(result.yzw, sees);
  }
  return result;
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = params.first + wid.y * groups.x + wid.x;
  let block = i / params.kv_heads;
  let key = block * 64u;
  if (key >= params.rows) { return; }
  let kv_head = i % params.kv_heads;
  let x = lane % 8u;
  let y = lane / 8u;
  let last = params.rows - 1u;
  let group_size = params.heads / params.kv_heads;
  let width = params.heads * HEAD_DIM;
  let stride = (params.heads + 2u * params.kv_heads) * HEAD_DIM;
  let k_column = (params.heads + kv_head) * HEAD_DIM;
  let v_column = k_column + params.kv_heads * HEAD_DIM;
  let row_end = spans[2u * block + 1u].x;
  var dk: array<mat4x4<f32>, WIDE_SLICES>;
  var dv: array<mat4x4<f32>, WIDE_SLICES>;
  for (var row = key; row < row_end; row += 32u) {
    let span = spans[2u * (row / 64u)];
    if ((span.y <= key || key + 64u <= span.x) && (span.w <= key || key + 64u <= span.z)) { continue; }
    for (var head = kv_head * group_size; head < (kv_head + 1u) * group_size; head++) {
      let q_column = head * HEAD_DIM;
      let at0 = min(row + x * 4u, last) * params.heads + head;
      let at1 = min(row + x * 4u + 1u, last) * params.heads + head;
      let at2 = min(row + x * 4u + 2u, last) * params.heads + head;
      let at3 = min(row + x * 4u + 3u, last) * params.heads + head;
      let row_lse = vec4<f32>(lse[at0], lse[at1], lse[at2], lse[at3]);
      let row_delta = vec4<f32>(delta[at0], delta[at1], delta[at2], delta[at3]);
      var s = qkv_product(lane, stride, key, k_column, row, q_column);
      var w = gradient_product(lane, key, stride, v_column, row, width, q_column);
      var p = mat4x4<f32>();
      var gradients = mat4x4<f32>();
      for (var r = 0u; r < depth() / 4u; r++) {
        p[r] = select(vec4<f32>(), exp(s[r] * params.scale - row_lse), seen(row + x * 4u, key + y * 4u + r));
        gradients[r] = p[r] * (w[r] - row_delta) * params.scale;
      }
      put_weights(p, x, y);
      weigh_dattended(&dv, lane, row, width, q_column);
      workgroupBarrier();
      put_weights(gradients, x, y);
      weigh_qkv(&dk, vec4<f32>(1.0), lane, stride, row, q_column);
    }
  }
  for (var r = 0u; r < depth() / 4u; r++) {
    let at = (key + y * 4u + r) * stride;
    if (key + y * 4u + r > last) { break; }
    for (var slice = 0u; slice < wide_slices(); slice++) {
      store_dqkv(at + k_column, slice * 32u + x * 4u, dk[slice][r]);
      store_dqkv(at + v_column, slice * 32u + x * 4u, dv[slice][r]);
    }
  }
}
