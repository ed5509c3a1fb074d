// Parameters of attention's register kernels. All bounds are among them, no constants, or software adapters' compilers unroll the
// loops.
struct Params {
  rows: u32,
  heads: u32,
  kv_heads: u32,
  scale: f32,
  first: u32, // block of this dispatch, where they are divided among several
  chunks: u32, // head_dim / 4
  block: u32, // 4, queries (in the keys' pass keys) of an invocation
  step: u32, // 8 keys (in the keys' pass queries) walked over at a time
  ranges: u32, // 2, of keys that a query sees
}

@group(0) @binding(0) var<uniform> params: Params;
