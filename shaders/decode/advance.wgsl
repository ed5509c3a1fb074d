// What follows the choice of a token: appends it to the output and sets up the sequence's next step (token, position,
// cache slot). A sequence that has ended (by a stop token, or after `limit` tokens) stays as it is.

struct Params {
  sequences: u32,
  limit: u32, // new tokens per sequence
  capacity: u32, // cache slots per sequence
  stop_count: u32,
  stop0: vec4<u32>,
  stop1: vec4<u32>,
}

struct Sequence {
  token: u32, // chosen in this step
  length: u32, // tokens generated
  done: u32, // 0 running, 1 ended by a stop token, 2 by the limit
  unused: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> sequences: array<Sequence>;
@group(0) @binding(2) var<storage, read_write> ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> positions: array<u32>;
@group(0) @binding(4) var<storage, read_write> slot: array<u32>;
@group(0) @binding(5) var<storage, read_write> output: array<u32>;

fn is_stop(token: u32) -> bool {
  for (var i = 0u; i < params.stop_count; i++) {
    if (select(params.stop1[i % 4u], params.stop0[i % 4u], i < 4u) == token) { return true; }
  }
  return false;
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) gid: vec3<u32>) {
  let b = gid.x;
  if (b >= params.sequences || sequences[b].done != 0u) { return; }
  let token = sequences[b].token;
  if (is_stop(token)) {
    sequences[b].done = 1u;
    return;
  }
  let length = sequences[b].length;
  output[b * params.limit + length] = token;
  sequences[b].length = length + 1u;
  if (length + 1u >= params.limit) {
    sequences[b].done = 2u;
    return;
  }
  ids[b] = token;
  let position = positions[b] + 1u;
  positions[b] = position;
  slot[b] = b * params.capacity + position;
}
