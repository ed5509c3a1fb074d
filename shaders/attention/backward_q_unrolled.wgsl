// dq of attention as in backward_q_register.wgsl, and delta, for software adapters whose lanes are four: see
// forward_unrolled.wgsl.

// include parts/attention_register
// include parts/attention_span

@group(0) @binding(1) var<storage, read> visible: array<vec4<u32>>;
@group(0) @binding(2) var<storage, read> qkv: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> attended: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> dattended: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;
@group(0) @binding(7) var<storage, read_write> dqkv: array<vec4<f32>>;

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
  var row_lse = vec4<f32>();
  for (var r = 0u; r < params.block; r++) {
    let range = visible[min(row + r, last)];
    start1 = vec4<u32>(start1.yzw, range.x);
    end1 = vec4<u32>(end1.yzw, range.y);
    start2 = vec4<u32>(start2.yzw, range.z);
    end2 = vec4<u32>(end2.yzw, range.w);
    row_lse = vec4<f32>(row_lse.yzw, lse[min(row + r, last) * params.heads + head]);
  }
  let stride = (params.heads + 2u * params.kv_heads) * params.chunks;
  let key_column = (params.heads + head / (params.heads / params.kv_heads)) * params.chunks;
  let value_column = key_column + params.kv_heads * params.chunks;
  let used = min(params.block, params.rows - row);
  var row_delta = vec4<f32>();
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
      var w0 = vec4<f32>();
      var w1 = vec4<f32>();
      var w2 = vec4<f32>();
      var w3 = vec4<f32>();
      var w4 = vec4<f32>();
      var w5 = vec4<f32>();
      var w6 = vec4<f32>();
      var w7 = vec4<f32>();
      row_delta = vec4<f32>();
      for (var c = 0u; c < params.chunks; c++) {
        let own0 = min(row + 0u, last);
        let at0 = (own0 * params.heads + head) * params.chunks + c;
        let q0 = qkv[own0 * stride + head * params.chunks + c];
        let d0 = dattended[at0];
        let own1 = min(row + 1u, last);
        let at1 = (own1 * params.heads + head) * params.chunks + c;
        let q1 = qkv[own1 * stride + head * params.chunks + c];
        let d1 = dattended[at1];
        let own2 = min(row + 2u, last);
        let at2 = (own2 * params.heads + head) * params.chunks + c;
        let q2 = qkv[own2 * stride + head * params.chunks + c];
        let d2 = dattended[at2];
        let own3 = min(row + 3u, last);
        let at3 = (own3 * params.heads + head) * params.chunks + c;
        let q3 = qkv[own3 * stride + head * params.chunks + c];
        let d3 = dattended[at3];
        // For every eight keys anew, which costs less than a loop of its own in the source.
        row_delta += vec4<f32>(dot(d0, attended[at0]), dot(d1, attended[at1]), dot(d2, attended[at2]), dot(d3, attended[at3]));
        let at_key0 = min(key + 0u, last) * stride + c;
        let k0 = qkv[at_key0 + key_column];
        let v0 = qkv[at_key0 + value_column];
        s0 += vec4<f32>(dot(q0, k0), dot(q1, k0), dot(q2, k0), dot(q3, k0));
        w0 += vec4<f32>(dot(d0, v0), dot(d1, v0), dot(d2, v0), dot(d3, v0));
        let at_key1 = min(key + 1u, last) * stride + c;
        let k1 = qkv[at_key1 + key_column];
        let v1 = qkv[at_key1 + value_column];
        s1 += vec4<f32>(dot(q0, k1), dot(q1, k1), dot(q2, k1), dot(q3, k1));
        w1 += vec4<f32>(dot(d0, v1), dot(d1, v1), dot(d2, v1), dot(d3, v1));
        let at_key2 = min(key + 2u, last) * stride + c;
        let k2 = qkv[at_key2 + key_column];
        let v2 = qkv[at_key2 + value_column];
        s2 += vec4<f32>(dot(q0, k2), dot(q1, k2), dot(q2, k2), dot(q3, k2));
        w2 += vec4<f32>(dot(d0, v2), dot(d1, v2), dot(d2, v2), dot(d3, v2));
        let at_key3 = min(key + 3u, last) * stride + c;
        let k3 = qkv[at_key3 + key_column];
        let v3 = qkv[at_key3 + value_column];
        s3 += vec4<f32>(dot(q0, k3), dot(q1, k3), dot(q2, k3), dot(q3, k3));
        w3 += vec4<f32>(dot(d0, v3), dot(d1, v3), dot(d2, v3), dot(d3, v3));
        let at_key4 = min(key + 4u, last) * stride + c;
        let k4 = qkv[at_key4 + key_column];
        let v4 = qkv[at_key4 + value_column];
        s4 += vec4<f32>(dot(q0, k4), dot(q1, k4), dot(q2, k4), dot(q3, k4));
        w4 += vec4<f32>(dot(d0, v4), dot(d1, v4), dot(d2, v4), dot(d3, v4));
        let at_key5 = min(key + 5u, last) * stride + c;
        let k5 = qkv[at_key5 + key_column];
        let v5 = qkv[at_key5 + value_column];
        s5 += vec4<f32>(dot(q0, k5), dot(q1, k5), dot(q2, k5), dot(q3, k5));
        w5 += vec4<f32>(dot(d0, v5), dot(d1, v5), dot(d2, v5), dot(d3, v5));
        let at_key6 = min(key + 6u, last) * stride + c;
        let k6 = qkv[at_key6 + key_column];
        let v6 = qkv[at_key6 + value_column];
        s6 += vec4<f32>(dot(q0, k6), dot(q1, k6), dot(q2, k6), dot(q3, k6));
        w6 += vec4<f32>(dot(d0, v6), dot(d1, v6), dot(d2, v6), dot(d3, v6));
        let at_key7 = min(key + 7u, last) * stride + c;
        let k7 = qkv[at_key7 + key_column];
        let v7 = qkv[at_key7 + value_column];
        s7 += vec4<f32>(dot(q0, k7), dot(q1, k7), dot(q2, k7), dot(q3, k7));
        w7 += vec4<f32>(dot(d0, v7), dot(d1, v7), dot(d2, v7), dot(d3, v7));
      }
      for (var m = 0u; m < params.step; m++) {
        let p = select(vec4<f32>(), exp(s0 * params.scale - row_lse), sees(start, end, key + m));
        let g = p * (w0 - row_delta) * params.scale;
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
        s7 = g;
      }
      for (var c = 0u; c < params.chunks; c++) {
        var dq0 = vec4<f32>();
        var dq1 = vec4<f32>();
        var dq2 = vec4<f32>();
        var dq3 = vec4<f32>();
        let k0 = qkv[min(key + 0u, last) * stride + key_column + c];
        dq0 += s0.x * k0;
        dq1 += s0.y * k0;
        dq2 += s0.z * k0;
        dq3 += s0.w * k0;
        let k1 = qkv[min(key + 1u, last) * stride + key_column + c];
        dq0 += s1.x * k1;
        dq1 += s1.y * k1;
        dq2 += s1.z * k1;
        dq3 += s1.w * k1;
        let k2 = qkv[min(key + 2u, last) * stride + key_column + c];
        dq0 += s2.x * k2;
        dq1 += s2.y * k2;
        dq2 += s2.z * k2;
        dq3 += s2.w * k2;
        let k3 = qkv[min(key + 3u, last) * stride + key_column + c];
        dq0 += s3.x * k3;
        dq1 += s3.y * k3;
        dq2 += s3.z * k3;
        dq3 += s3.w * k3;
        let k4 = qkv[min(key + 4u, last) * stride + key_column + c];
        dq0 += s4.x * k4;
        dq1 += s4.y * k4;
        dq2 += s4.z * k4;
        dq3 += s4.w * k4;
        let k5 = qkv[min(key + 5u, last) * stride + key_column + c];
        dq0 += s5.x * k5;
        dq1 += s5.y * k5;
        dq2 += s5.z * k5;
        dq3 += s5.w * k5;
        let k6 = qkv[min(key + 6u, last) * stride + key_column + c];
        dq0 += s6.x * k6;
        dq1 += s6.y * k6;
        dq2 += s6.z * k6;
        dq3 += s6.w * k6;
        let k7 = qkv[min(key + 7u, last) * stride + key_column + c];
        dq0 += s7.x * k7;
        dq1 += s7.y * k7;
        dq2 += s7.z * k7;
        dq3 += s7.w * k7;
        // One guarded update in a loop: see forward_register.wgsl.
        for (var r = 0u; r < used; r++) {
          let at = (row + r) * stride + head * params.chunks + c;
          dqkv[at] = select(dqkv[at], vec4<f32>(), is_first) + dq0;
          dq0 = dq1;
          dq1 = dq2;
          dq2 = dq3;
        }
      }
      is_first = false;
    }
  }
  for (var r = 0u; r < used; r++) {
    delta[(row + r) * params.heads + head] = row_delta.x;
    row_delta = row_delta.yzwx;
  }
}
