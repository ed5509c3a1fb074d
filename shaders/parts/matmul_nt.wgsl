// Parameters of Y = X W^T, and where LoRA's segments lie: see nt_register.wgsl.

const NONE: u32 = 0xffffffffu;

struct Params {
  rows: u32,
  columns: u32,
  inner: u32, // K
  rank: u32,
  u_stride: u32,
  scale: f32,
  adds: u32, // nothing (0), RESIDUAL or GRADIENT
  token: u32, // of column 0, for GRADIENT
  w_row: u32,
  block: u32, // 8, a bound that software adapters' compilers do not unroll loops by
  segment0: vec4<u32>,
  segment1: vec4<u32>,
  segment2: vec4<u32>,
}

@group(0) @binding(0) var<uniform> params: Params;
