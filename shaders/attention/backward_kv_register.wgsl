// dk and dv of attention in register blocks, without shared memory: for software adapters. One invocation works on four keys
// of a key head and walks over the queries that see them 8 at a time, and over the query heads of its group:
// dv = sum p do, dk = sum p (do . v - delta) q / sqrt(D). The sums lie in dqkv itself. head_dim must be a multiple of four.

// include parts/attention_register

@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
// Per key: one past the last query that sees it (the first is the key's own token).
@group(0) @binding(2) var<storage, read> query_end: array<u32>;
@group(0) @binding(3) var<storage, read> qkv: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> dattended: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read> delta: array<f32>;
@group(0) @binding(7) var<storage, read_write> dqkv: array<vec4<f32>>;

// Which of the four keys the query of this range sees; none beyond the last query.
fn sees(row: u32, keys: vec4<u32>) -> vec4<bool> {
  let range = visible[min(row, params.rows - 1u)];
  let seen = ((vec4<u32>(range.x) <= keys) & (keys < vec4<u32>(range.y))) | ((vec4<u32>(range.z) <= keys) & (keys < vec4<u32>(range.w)));
  return seen & vec4<bool>(row < params.rows);
}

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = params.first + (wid.y * groups.x + wid.x) * 32u + lane;
  if (i >= (params.rows + 3u) / 4u * params.kv_heads) { return; }
  let kv_head = i % params.kv_heads;
  let key = i / params.kv_heads * 4u;
  let keys = vec4<u32>(key, key + 1u, key + 2u, key + 3u);
  let last = params.rows - 1u;
  let group_size = params.heads / params.kv_heads;
  let stride = (params.heads + 2u * params.kv_heads) * params.chunks;
  let key_column = (params.heads + kv_head) * params.chunks;
  let value_column = params.kv_heads * params.chunks;
  let used = min(params.block, params.rows - key);
  var row_end = 0u;
  for (var r = 0u; r < params.block; r++) { row_end = max(row_end, query_end[min(key + r, last)]); }
  var is_first = true;
  for (var row = key; row < row_end; row += 8u) {
    // Bit m of each key's: whether query row + m sees it.
    var seen = vec4<u32>();
    for (var m = 0u; m < params.step; m++) { seen = seen | select(vec4<u32>(), vec4<u32>(1u << m), sees(row + m, keys)); }
    if (all(seen == vec4<u32>())) { continue; }
    for (var head = kv_head * group_size; head < (kv_head + 1u) * group_size; head++) {
      var s0 = vec4<f32>();
      var s1 = vec4<f32>();
      var s2 = vec4<f32>();
      var s3 = vec4<f32>();
      var s4 = vec4<f32>();
      var s5 = vec4<f32>();
      var s6 = vec4<f32>();
      var s7 = vec4<f32>();
      var w0 = vec4<f32>();
      var w1 = vec4<f32>();
      var w2 = vec4<f32>();
      var w3 = vec4<f32>();
      var w4 = vec4<f32>();
      var w5 = vec4<f32>();
      var w6 = vec4<f32>();
      var w7 = vec4<f32>();
      var k0 = vec4<f32>();
      var k1 = vec4<f32>();
      var k2 = vec4<f32>();
      var k3 = vec4<f32>();
      var v0 = vec4<f32>();
      var v1 = vec4<f32>();
      var v2 = vec4<f32>();
      var v3 = vec4<f32>();
      // Queries one after the other, their sums moving up one place each time: see forward_register.wgsl.
      for (var c = 0u; c < params.chunks; c++) {
        // One load in the source for all four, here and in what follows: software adapters' compilers take long over each.
        for (var r = 0u; r < params.block; r++) {
          let at = min(key + r, last) * stride + key_column + c;
          k0 = k1;
          v0 = v1;
          k1 = k2;
          v1 = v2;
          k2 = k3;
          v2 = v3;
          k3 = qkv[at];
          v3 = qkv[at + value_column];
        }
        for (var m = 0u; m < params.step; m++) {
          let q_row = min(row + m, last);
          let q = qkv[q_row * stride + head * params.chunks + c];
          let d = dattended[(q_row * params.heads + head) * params.chunks + c];
          let s = s0 + vec4<f32>(dot(k0, q), dot(k1, q), dot(k2, q), dot(k3, q));
          let w = w0 + vec4<f32>(dot(v0, d), dot(v1, d), dot(v2, d), dot(v3, d));
          s0 = s1;
          w0 = w1;
          s1 = s2;
          w1 = w2;
          s2 = s3;
          w2 = w3;
          s3 = s4;
          w3 = w4;
          s4 = s5;
          w4 = w5;
          s5 = s6;
          w5 = w6;
          s6 = s7;
          w6 = w7;
          s7 = s;
          w7 = w;
        }
      }
      for (var m = 0u; m < params.step; m++) {
        let at = min(row + m, last) * params.heads + head;
        let p = select(vec4<f32>(), exp(s0 * params.scale - lse[at]), ((seen >> vec4<u32>(m)) & vec4<u32>(1u)) == vec4<u32>(1u));
        let g = p * (w0 - delta[at]) * params.scale;
        s0 = s1;
        w0 = w1;
        s1 = s2;
        w1 = w2;
        s2 = s3;
        w2 = w3;
        s3 = s4;
        w3 = w4;
        s4 = s5;
        w4 = w5;
        s5 = s6;
        w5 = w6;
        s6 = s7;
        w6 = w7;
        s7 = p;
        w7 = g;
      }
      for (var c = 0u; c < params.chunks; c++) {
        var dk0 = vec4<f32>();
        var dv0 = vec4<f32>();
        var dk1 = vec4<f32>();
        var dv1 = vec4<f32>();
        var dk2 = vec4<f32>();
        var dv2 = vec4<f32>();
        var dk3 = vec4<f32>();
        var dv3 = vec4<f32>();
        for (var m = 0u; m < params.step; m++) {
          let q_row = min(row + m, last);
          let q = qkv[q_row * stride + head * params.chunks + c];
          let d = dattended[(q_row * params.heads + head) * params.chunks + c];
          dk0 += w0.x * q;
          dv0 += s0.x * d;
          dk1 += w0.y * q;
          dv1 += s0.y * d;
          dk2 += w0.z * q;
          dv2 += s0.z * d;
          dk3 += w0.w * q;
          dv3 += s0.w * d;
          let g = w0;
          let p = s0;
          w0 = w1;
          s0 = s1;
          w1 = w2;
          s1 = s2;
          w2 = w3;
          s2 = s3;
          w3 = w4;
          s3 = s4;
          w4 = w5;
          s4 = s5;
          w5 = w6;
          s5 = s6;
          w6 = w7;
          s6 = s7;
          w7 = g;
          s7 = p;
        }
        // One guarded update in a loop: see forward_register.wgsl.
        for (var r = 0u; r < 2u * used; r++) {
          let at = (key + r / 2u) * stride + key_column + (r % 2u) * value_column + c;
          dqkv[at] = select(dqkv[at], vec4<f32>(), is_first) + dk0;
          dk0 = dv0;
          dv0 = dk1;
          dk1 = dv1;
          dv1 = dk2;
          dk2 = dv2;
          dv2 = dk3;
          dk3 = dv3;
        }
      }
      is_first = false;
    }
  }
}
