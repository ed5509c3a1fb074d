// Squares of a flat gradient, summed per block of 4,096 elements: the first half of the global L2 norm.
// A gradient beyond one binding comes in several dispatches, each from a whole block on.

// Invocations that share a block: a workgroup's 64, or one.
const LANES: u32 = 64u;

struct Params {
  count: u32, // elements that are bound
  first_block: u32, // number of the first of them among all blocks
  block: u32, // 4,096; no constant, or software adapters' compilers unroll loops
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial_sums: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) i: u32) {
  let block = (wid.y * groups.x + wid.x) * (64u / LANES) + i / LANES;
  let lane = i % LANES;
  let first = block * params.block;
  let end = min(first + params.block, params.count);
  var sum = 0.0;
  for (var k = first + lane; k < end; k += LANES) {
    let g = gradient[k];
    sum += g * g;
  }
  if (LANES > 1u) {
    sums[i] = sum;
    workgroupBarrier();
    for (var step = LANES / 2u; step > 0u; step >>= 1u) {
      if (i < step) { sums[i] += sums[i + step]; }
      workgroupBarrier();
    }
    sum = sums[0];
  }
  if (lane == 0u && first < params.count) { partial_sums[params.first_block + block] = sum; }
}
