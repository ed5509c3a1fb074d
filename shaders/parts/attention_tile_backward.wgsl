// What the tiled backward kernels of attention share besides parts/attention_tile: `dattended` and `dqkv` are declared by
// what takes it in.

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

fn store_dqkv(at: u32, d: u32, v: vec4<f32>) {
  if (d < HEAD_DIM) { dqkv[at + d] = v.x; }
  if (d + 1u < HEAD_DIM) { dqkv[at + d + 1u] = v.y; }
  if (d + 2u < HEAD_DIM) { dqkv[at + d + 2u] = v.z; }
  if (d + 3u < HEAD_DIM) { dqkv[at + d + 3u] = v.w; }
}
