// Parameters of products of any strides: see register1.wgsl, and register16.wgsl, which counts elements of X and W in vec4s.

const NONE: u32 = 0xffffffffu;

struct Params {
  rows: u32,
  columns: u32, // of Y's rows
  inner: u32, // K
  x_first: u32,
  x_line: u32,
  x_step: u32,
  w_first: u32,
  w_line: u32,
  w_step: u32,
  turned: u32, // whether W's vec4s lie along columns; of register16.wgsl alone
  factor: f32,
  rank: u32,
  u_stride: u32,
  b_line: u32,
  b_step: u32,
  scale: f32,
  adds: u32, // nothing (0), RESIDUAL, GRADIENT or PRESENT
  token: u32, // of column 0, for GRADIENT
  block: u32, // 8, a bound that software adapters' compilers do not unroll loops by
  segment0: vec4<u32>,
  segment1: vec4<u32>,
  segment2: vec4<u32>,
  apart: vec4<u32>, // elements of X, of W, columns of Y
}

@group(0) @binding(0) var<uniform> params: Params;
