// Attention as in forward_register.wgsl, for software adapters whose lanes are four: of keys and values all eight of a block are
// written out one after the other. A third faster there, since such adapters keep all registers in memory and values that
// move up cost as much as what is done with them; lavapipe's compiler would take three times as long.

// include parts/attention_register
// include parts/attention_span

// Per query (start1, end1, start2, end2): it sees keys start1 <= j < end1 and start2 <= j < end2, which are disjoint.
@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> qkv: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> attended: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> lse: array<f32>;

@compute @workgroup_size(32)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = params.first + (wid.y * groups.x + wid.x) * 32u + lane;
  if (i >= (params.rows + 3u) / 4u * params.heads) { return; }
  let head = i % params.heads;
  let row = i / params.heads * 4u;
  let last = params.rows - 1u;
  // Of its four queries, in the order of vec4s.
  var start1 = vec4<u32>();
  var end1 = vec4<u32>();
  var start2 = vec4<u32>();
  var end2 = vec4<u32>();
  for (var r = 0u; r < params.block; r++) {
    let range = visible[min(row + r, last)];
    start1 = vec4<u32>(start1.yzw, range.x);
    end1 = vec4<u32>(end1.yzw, range.y);
    start2 = vec4<u32>(start2.yzw, range.z);
    end2 = vec4<u32>(end2.yzw, range.w);
  }
  let stride = (params.heads + 2u * params.kv_heads) * params.chunks;
  let key_column = (params.heads + head / (params.heads / params.kv_heads)) * params.chunks;
  let value_column = key_column + params.kv_heads * params.chunks;
  let used = min(params.block, params.rows - row);
  var largest = vec4<f32>(-3.0e38);
  var total = vec4<f32>();
  var is_first = true;
  for (var part = 0u; part < params.ranges; part++) {
    let start = select(start2, start1, part == 0u);
    let end = select(end2, end1, part == 0u);
    let keys = span(start, end);
    for (var key = keys.x; key < keys.y; key += 8u) {
      var s0 = vec4<f32>();
      var s1 = vec4<f32>();
      var s2 = vec4<f32>();
      var s3 = vec4<f32>();
      var s4 = vec4<f32>();
      var s5 = vec4<f32>();
      var s6 = vec4<f32>();
      var s7 = vec4<f32>();
      for (var c = 0u; c < params.chunks; c++) {
        let q0 = qkv[min(row + 0u, last) * stride + head * params.chunks + c];
        let q1 = qkv[min(row + 1u, last) * stride + head * params.chunks + c];
        let q2 = qkv[min(row + 2u, last) * stride + head * params.chunks + c];
        let q3 = qkv[min(row + 3u, last) * stride + head * params.chunks + c];
        let k0 = qkv[min(key + 0u, last) * stride + key_column + c];
        s0 += vec4<f32>(dot(q0, k0), dot(q1, k0), dot(q2, k0), dot(q3, k0));
        let k1 = qkv[min(key + 1u, last) * stride + key_column + c];
        s1 += vec4<f32>(dot(q0, k1), dot(q1, k1), dot(q2, k1), dot(q3, k1));
        let k2 = qkv[min(key + 2u, last) * stride + key_column + c];
        s2 += vec4<f32>(dot(q0, k2), dot(q1, k2), dot(q2, k2), dot(q3, k2));
        let k3 = qkv[min(key + 3u, last) * stride + key_column + c];
        s3 += vec4<f32>(dot(q0, k3), dot(q1, k3), dot(q2, k3), dot(q3, k3));
        let k4 = qkv[min(key + 4u, last) * stride + key_column + c];
        s4 += vec4<f32>(dot(q0, k4), dot(q1, k4), dot(q2, k4), dot(q3, k4));
        let k5 = qkv[min(key + 5u, last) * stride + key_column + c];
        s5 += vec4<f32>(dot(q0, k5), dot(q1, k5), dot(q2, k5), dot(q3, k5));
        let k6 = qkv[min(key + 6u, last) * stride + key_column + c];
        s6 += vec4<f32>(dot(q0, k6), dot(q1, k6), dot(q2, k6), dot(q3, k6));
        let k7 = qkv[min(key + 7u, last) * stride + key_column + c];
        s7 += vec4<f32>(dot(q0, k7), dot(q1, k7), dot(q2, k7), dot(q3, k7));
      }
      // Masks and exponentials one after the other, the values moving up one place each time.
      var next = largest;
      for (var m = 0u; m < params.step; m++) {
        let score = select(vec4<f32>(-3.0e38), s0 * params.scale, sees(start, end, key + m));
        next = max(next, score);
        s0 = s1;
        s1 = s2;
        s2 = s3;
        s3 = s4;
        s4 = s5;
        s5 = s6;
        s6 = s7;
        s7 = score;
      }
      var keep = exp(largest - next) * total;
      total = keep;
      for (var m = 0u; m < params.step; m++) {
        let weight = select(vec4<f32>(), exp(s0 - next), sees(start, end, key + m));
        total += weight;
        s0 = s1;
        s1 = s2;
        s2 = s3;
        s3 = s4;
        s4 = s5;
        s5 = s6;
        s6 = s7;
        s7 = weight;
      }
      largest = next;
      // Nothing is seen by a query whose weights sum up to nothing.
      let share = select(vec4<f32>(), 1.0 / total, total > vec4<f32>());
      keep *= share;
      for (var c = 0u; c < params.chunks; c++) {
        var o0 = vec4<f32>();
        var o1 = vec4<f32>();
        var o2 = vec4<f32>();
        var o3 = vec4<f32>();
        let v0 = qkv[min(key + 0u, last) * stride + value_column + c];
        o0 += s0.x * v0;
        o1 += s0.y * v0;
        o2 += s0.z * v0;
        o3 += s0.w * v0;
        let v1 = qkv[min(key + 1u, last) * stride + value_column + c];
        o0 += s1.x * v1;
        o1 += s1.y * v1;
        o2 += s1.z * v1;
        o3 += s1.w * v1;
        let v2 = qkv[min(key + 2u, last) * stride + value_column + c];
        o0 += s2.x * v2;
        o1 += s2.y * v2;
        o2 += s2.z * v2;
        o3 += s2.w * v2;
        let v3 = qkv[min(key + 3u, last) * stride + value_column + c];
        o0 += s3.x * v3;
        o1 += s3.y * v3;
        o2 += s3.z * v3;
        o3 += s3.w * v3;
        let v4 = qkv[min(key + 4u, last) * stride + value_column + c];
        o0 += s4.x * v4;
        o1 += s4.y * v4;
        o2 += s4.z * v4;
        o3 += s4.w * v4;
        let v5 = qkv[min(key + 5u, last) * stride + value_column + c];
        o0 += s5.x * v5;
        o1 += s5.y * v5;
        o2 += s5.z * v5;
        o3 += s5.w * v5;
        let v6 = qkv[min(key + 6u, last) * stride + value_column + c];
        o0 += s6.x * v6;
        o1 += s6.y * v6;
        o2 += s6.z * v6;
        o3 += s6.w * v6;
        let v7 = qkv[min(key + 7u, last) * stride + value_column + c];
        o0 += s7.x * v7;
        o1 += s7.y * v7;
        o2 += s7.z * v7;
        o3 += s7.w * v7;
        // One guarded update in a loop, the values moving up one place each time: four in a row take software adapters'
        // compilers seconds.
        var kept = keep;
        var shares = share;
        for (var r = 0u; r < used; r++) {
          let at = ((row + r) * params.heads + head) * params.chunks + c;
          attended[at] = select(attended[at] * kept.x, vec4<f32>(), is_first) + o0 * shares.x;
          o0 = o1;
          o1 = o2;
          o2 = o3;
          kept = kept.yzwx;
          shares = shares.yzwx;
        }
      }
      is_first = false;
    }
  }
  for (var r = 0u; r < used; r++) {
    lse[(row + r) * params.heads + head] = largest.x + log(total.x);
    total = total.yzwx;
    largest = largest.yzwx;
  }
}
