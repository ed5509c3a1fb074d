// Squares of a flat gradient, summed per block of 4,096 elements: the first half of the global L2 norm.
// A gradient beyond one binding comes in several dispatches, each from a whole block on.

struct Params {
  count: u32, // elements that are bound
  first_block: u32, // number of the first of them among all blocks
  lanes: u32, // 64, as the workgroup has: a bound that software adapters' compilers do not unroll loops by
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial_sums: array<f32>;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let block = wid.y * groups.x + wid.x;
  var sum = 0.0;
  for (var k = 0u; k < params.lanes; k++) {
    let i = block * 4096u + k * 64u + lane;
    if (i < params.count) { sum += gradient[i] * gradient[i]; }
  }
  sums[lane] = sum;
  workgroupBarrier();
  for (var step = params.lanes / 2u; step > 0u; step >>= 1u) {
    if (lane < step) { sums[lane] += sums[lane + step]; }
    workgroupBarrier();
  }
  if (lane == 0u && block * 4096u < params.count) { partial_sums[params.first_block + block] = sums[0]; }
}
