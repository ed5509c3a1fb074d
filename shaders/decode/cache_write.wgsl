// Copies keys and values of new tokens into the cache: cache = [keys | values], each [slots, width].
// qkv[t] = [queries | keys | values].

struct Params {
  rows: u32,
  slots: u32, // sequences * capacity
  query_width: u32,
  width: u32, // of keys, and of values
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> slot: array<u32>;
@group(0) @binding(2) var<storage, read> qkv: array<f32>;
@group(0) @binding(3) var<storage, read_write> cache: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * groups.x + wid.x) * 64u + lane;
  if (i >= params.rows * params.width) { return; }
  let row = i / params.width;
  let column = i % params.width;
  let source = row * (params.query_width + 2u * params.width) + params.query_width + column;
  let at = slot[row] * params.width + column;
  cache[at] = qkv[source];
  cache[params.slots * params.width + at] = qkv[source + params.width];
}
