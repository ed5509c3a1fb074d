// What the tiled attention kernels share. What takes it in declares `qkv`, and is run by 128 invocations in a grid of 8 (x)
// by 16 (y): each works on 4 rows of a block of 64, and 4 of 32 keys or queries, or 4 dimensions of every wide slice.

const HEAD_DIM: u32 = 32u;
// Slices of a head, rounded up: of 16 dimensions in products over dimensions, of 32 in sums over keys or queries.
const SLICES: u32 = 2u;
const WIDE_SLICES: u32 = 1u;
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

fn wide_depth() -> u32 {
  if (UNROLL) { return 32u; }
  return params.wide_depth;
}

fn head_dim() -> u32 {
  if (UNROLL) { return HEAD_DIM; }
  return params.head_dim;
}

fn slices() -> u32 {
  if (UNROLL) { return SLICES; }
  return params.slices;
}

fn wide_slices() -> u32 {
  if (UNROLL) { return WIDE_SLICES; }
  return params.wide_slices;
}

// Factors of a product over 16 dimensions, four rows to a vec4: [16][17] of 64 rows, then [16][9] of 32; or 32 rows of
// 32 dimensions, four dimensions to a vec4. The odd strides keep lanes out of each other's banks.
var<workgroup> tile: array<vec4<f32>, 416>;
const RIGHT: u32 = 272u;

// 64 x 32 weights, or gradients of scores; a column of padding.
var<workgroup> weights: array<f32, 2112>;

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

// sum + the product of both halves of the tile: a column of the matrix is one of four rows.
fn multiply_tile(sum: mat4x4<f32>, x: u32, y: u32) -> mat4x4<f32> {
  var s = sum;
  for (var n = 0u; n < depth(); n++) {
    let a = tile[n * 17u + y];
    let b = tile[RIGHT + n * 9u + x];
    s += mat4x4<f32>(a.x * b, a.y * b, a.z * b, a.w * b);
  }
  return s;
}

// sum + weights times the tile's 32 rows.
fn weigh_tile(sum: mat4x4<f32>, x: u32, y: u32) -> mat4x4<f32> {
  var s = sum;
  let at = y * 4u * 33u;
  for (var n = 0u; n < wide_depth(); n++) {
    let b = tile[n * 8u + x];
    s += mat4x4<f32>(weights[at + n] * b, weights[at + 33u + n] * b, weights[at + 66u + n] * b, weights[at + 99u + n] * b);
  }
  return s;
}

// Products over all dimensions of 64 rows of qkv, in a head at left_column, with 32 rows in one at right_column.
fn qkv_product(lane: u32, stride: u32, left_row: u32, left_column: u32, right_row: u32, right_column: u32) -> mat4x4<f32> {
  var sum = mat4x4<f32>();
  for (var slice = 0u; slice < slices(); slice++) {
    let d = slice * 16u + lane % 16u;
    let at = lane % 16u * 17u + lane / 16u;
    let row = lane / 16u * 4u;
    workgroupBarrier();
    tile[at] = qkv_rows(left_row + row, stride, left_column, d);
    tile[at + 8u] = qkv_rows(left_row + row + 32u, stride, left_column, d);
    tile[RIGHT + lane % 16u * 9u + lane / 16u] = qkv_rows(right_row + row, stride, right_column, d);
    workgroupBarrier();
    sum = multiply_tile(sum, lane % 8u, lane / 8u);
  }
  return sum;
}

// sums, each row of them times its part of keep, + weights times 32 rows of qkv in the head at column.
fn weigh_qkv(sums: ptr<function, array<mat4x4<f32>, WIDE_SLICES>>, keep: vec4<f32>, lane: u32, stride: u32, row: u32, column: u32) {
  let x = lane % 8u;
  for (var slice = 0u; slice < wide_slices(); slice++) {
    workgroupBarrier();
    tile[lane] = qkv_dims(row + lane / 8u, stride, column, slice * 32u + x * 4u);
    tile[lane + 128u] = qkv_dims(row + lane / 8u + 16u, stride, column, slice * 32u + x * 4u);
    workgroupBarrier();
    let sum = (*sums)[slice];
    let kept = mat4x4<f32>(sum[0] * keep.x, sum[1] * keep.y, sum[2] * keep.z, sum[3] * keep.w);
    (*sums)[slice] = weigh_tile(kept, x, lane / 8u);
  }
}

fn put_weights(values: mat4x4<f32>, x: u32, y: u32) {
  // Only a variable can be indexed by one everywhere.
  var rows = values;
  for (var r = 0u; r < depth() / 4u; r++) {
    let at = (y * 4u + r) * 33u + x * 4u;
    let v = rows[r];
    weights[at] = v.x;
    weights[at + 1u] = v.y;
    weights[at + 2u] = v.z;
    weights[at + 3u] = v.w;
  }
}
