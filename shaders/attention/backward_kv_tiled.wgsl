// dk and dv of attention in shared-memory tiles, for GPUs: a workgroup makes 64 keys of a key head and walks over the queries
// that may see them, 32 at a time, and over the query heads of its group: dv = sum p do, dk = sum p (do . v - delta) q / sqrt(D).
// Blocks of queries none of which sees one of the keys are passed over. Any head_dim.

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

@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
// As in forward_tiled.wgsl.
@group(0) @binding(2) var<storage, read> spans: array<vec4<u32>>;
@group(0) @binding(3) var<storage, read> qkv: array<f32>;
@group(0) @binding(4) var<storage, read> dattended: array<f32>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read> delta: array<f32>;
@group(0) @binding(7) var<storage, read_write> dqkv: array<f32>;

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

// Dimension d of four rows of dattended that lie `stride` apart, from `column` on; 0 beyond the head.
fn dattended_rows(row: u32, stride: u32, column: u32, d: u32) -> vec4<f32> {
  if (d >= HEAD_DIM) { return vec4<f32>(); }
  let last = params.rows - 1u;
  let at = column + d;
  return vec4<f32>(
    dattended[min(row, last) * stride + at],
    dattended[min(row + 1u, last) * stride + at],
    dattended[min(row + 2u, last) * stride + at],
    dattended[min(row + 3u, last) * stride + at],
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

fn store_dqkv(at: u32, d: u32, v: vec4<f32>) {
  if (d < HEAD_DIM) { dqkv[at + d] = v.x; }
  if (d + 1u < HEAD_DIM) { dqkv[at + d + 1u] = v.y; }
  if (d + 2u < HEAD_DIM) { dqkv[at + d + 2u] = v.z; }
  if (d + 3u < HEAD_DIM) { dqkv[at + d + 3u] = v.w; }
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
  var dk: array<vec4<f32>, SUMS>;
  var dv: array<vec4<f32>, SUMS>;
  for (var row = key; row < row_end; row += 32u) {
    let span = spans[2u * (row / 64u)];
    if ((span.y <= key || key + 64u <= span.x) && (span.w <= key || key + 64u <= span.z)) { continue; }
    let sees0 = seen(row + x * 4u, key + y * 4u + 0u);
    let sees1 = seen(row + x * 4u, key + y * 4u + 1u);
    let sees2 = seen(row + x * 4u, key + y * 4u + 2u);
    let sees3 = seen(row + x * 4u, key + y * 4u + 3u);
    for (var head = kv_head * group_size; head < (kv_head + 1u) * group_size; head++) {
      let q_column = head * HEAD_DIM;
      let at0 = min(row + x * 4u, last) * params.heads + head;
      let at1 = min(row + x * 4u + 1u, last) * params.heads + head;
      let at2 = min(row + x * 4u + 2u, last) * params.heads + head;
      let at3 = min(row + x * 4u + 3u, last) * params.heads + head;
      let row_lse = vec4<f32>(lse[at0], lse[at1], lse[at2], lse[at3]);
      let row_delta = vec4<f32>(delta[at0], delta[at1], delta[at2], delta[at3]);
      var s0 = vec4<f32>();
      var s1 = vec4<f32>();
      var s2 = vec4<f32>();
      var s3 = vec4<f32>();
      for (var slice = 0u; slice < slices(); slice++) {
        let d = slice * 16u + lane % 16u;
        workgroupBarrier();
        tile[lane % 16u * 17u + lane / 16u] = qkv_rows(key + lane / 16u * 4u, stride, k_column, d);
        tile[lane % 16u * 17u + lane / 16u + 8u] = qkv_rows(key + lane / 16u * 4u + 32u, stride, k_column, d);
        tile[RIGHT + lane % 16u * 9u + lane / 16u] = qkv_rows(row + lane / 16u * 4u, stride, q_column, d);
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
      var w0 = vec4<f32>();
      var w1 = vec4<f32>();
      var w2 = vec4<f32>();
      var w3 = vec4<f32>();
      for (var slice = 0u; slice < slices(); slice++) {
        let d = slice * 16u + lane % 16u;
        workgroupBarrier();
        tile[lane % 16u * 17u + lane / 16u] = qkv_rows(key + lane / 16u * 4u, stride, v_column, d);
        tile[lane % 16u * 17u + lane / 16u + 8u] = qkv_rows(key + lane / 16u * 4u + 32u, stride, v_column, d);
        tile[RIGHT + lane % 16u * 9u + lane / 16u] = dattended_rows(row + lane / 16u * 4u, width, q_column, d);
        workgroupBarrier();
        for (var n = 0u; n < depth(); n++) {
          let a = tile[n * 17u + y];
          let b = tile[RIGHT + n * 9u + x];
          w0 += a.x * b;
          w1 += a.y * b;
          w2 += a.z * b;
          w3 += a.w * b;
        }
      }
      let p0 = select(vec4<f32>(), exp(s0 * params.scale - row_lse), sees0);
      let p1 = select(vec4<f32>(), exp(s1 * params.scale - row_lse), sees1);
      let p2 = select(vec4<f32>(), exp(s2 * params.scale - row_lse), sees2);
      let p3 = select(vec4<f32>(), exp(s3 * params.scale - row_lse), sees3);
      put((y * 4u + 0u) * 33u + x * 4u, p0);
      put((y * 4u + 1u) * 33u + x * 4u, p1);
      put((y * 4u + 2u) * 33u + x * 4u, p2);
      put((y * 4u + 3u) * 33u + x * 4u, p3);
      for (var slice = 0u; slice < wide_slices(); slice++) {
        workgroupBarrier();
        tile[lane] = dattended_dims(row + lane / 8u, width, q_column, slice * 32u + x * 4u);
        tile[lane + 128u] = dattended_dims(row + lane / 8u + 16u, width, q_column, slice * 32u + x * 4u);
        workgroupBarrier();
        var sum0 = dv[slice * 4u + 0u];
        var sum1 = dv[slice * 4u + 1u];
        var sum2 = dv[slice * 4u + 2u];
        var sum3 = dv[slice * 4u + 3u];
        for (var n = 0u; n < wide_depth(); n++) {
          let b = tile[n * 8u + x];
          sum0 += weights[(y * 4u + 0u) * 33u + n] * b;
          sum1 += weights[(y * 4u + 1u) * 33u + n] * b;
          sum2 += weights[(y * 4u + 2u) * 33u + n] * b;
          sum3 += weights[(y * 4u + 3u) * 33u + n] * b;
        }
        dv[slice * 4u + 0u] = sum0;
        dv[slice * 4u + 1u] = sum1;
        dv[slice * 4u + 2u] = sum2;
        dv[slice * 4u + 3u] = sum3;
      }
      workgroupBarrier();
      put((y * 4u + 0u) * 33u + x * 4u, p0 * (w0 - row_delta) * params.scale);
      put((y * 4u + 1u) * 33u + x * 4u, p1 * (w1 - row_delta) * params.scale);
      put((y * 4u + 2u) * 33u + x * 4u, p2 * (w2 - row_delta) * params.scale);
      put((y * 4u + 3u) * 33u + x * 4u, p3 * (w3 - row_delta) * params.scale);
      for (var slice = 0u; slice < wide_slices(); slice++) {
        workgroupBarrier();
        tile[lane] = qkv_dims(row + lane / 8u, stride, q_column, slice * 32u + x * 4u);
        tile[lane + 128u] = qkv_dims(row + lane / 8u + 16u, stride, q_column, slice * 32u + x * 4u);
        workgroupBarrier();
        var sum0 = dk[slice * 4u + 0u];
        var sum1 = dk[slice * 4u + 1u];
        var sum2 = dk[slice * 4u + 2u];
        var sum3 = dk[slice * 4u + 3u];
        for (var n = 0u; n < wide_depth(); n++) {
          let b = tile[n * 8u + x];
          sum0 += weights[(y * 4u + 0u) * 33u + n] * b;
          sum1 += weights[(y * 4u + 1u) * 33u + n] * b;
          sum2 += weights[(y * 4u + 2u) * 33u + n] * b;
          sum3 += weights[(y * 4u + 3u) * 33u + n] * b;
        }
        dk[slice * 4u + 0u] = sum0;
        dk[slice * 4u + 1u] = sum1;
        dk[slice * 4u + 2u] = sum2;
        dk[slice * 4u + 3u] = sum3;
      }
    }
  }
  for (var r = 0u; r < depth() / 4u; r++) {
    let at = (key + y * 4u + r) * stride;
    if (key + y * 4u + r > last) { break; }
    for (var slice = 0u; slice < wide_slices(); slice++) {
      store_dqkv(at + k_column, slice * 32u + x * 4u, dk[slice * 4u + r]);
      store_dqkv(at + v_column, slice * 32u + x * 4u, dv[slice * 4u + r]);
    }
  }
}
