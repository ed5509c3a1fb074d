// dk and dv of attention as in backward_kv_register.wgsl, for software adapters whose lanes are four: see
// forward_unrolled.wgsl.

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
      for (var c = 0u; c < params.chunks; c++) {
        let at0 = min(key + 0u, last) * stride + key_column + c;
        let k0 = qkv[at0];
        let v0 = qkv[at0 + value_column];
        let at1 = min(key + 1u, last) * stride + key_column + c;
        let k1 = qkv[at1];
        let v1 = qkv[at1 + value_column];
        let at2 = min(key + 2u, last) * stride + key_column + c;
        let k2 = qkv[at2];
        let v2 = qkv[at2 + value_column];
        let at3 = min(key + 3u, last) * stride + key_column + c;
        let k3 = qkv[at3];
        let v3 = qkv[at3 + value_column];
        let q_row0 = min(row + 0u, last);
        let q0 = qkv[q_row0 * stride + head * params.chunks + c];
        let d0 = dattended[(q_row0 * params.heads + head) * params.chunks + c];
        s0 += vec4<f32>(dot(k0, q0), dot(k1, q0), dot(k2, q0), dot(k3, q0));
        w0 += vec4<f32>(dot(v0, d0), dot(v1, d0), dot(v2, d0), dot(v3, d0));
        let q_row1 = min(row + 1u, last);
        let q1 = qkv[q_row1 * stride + head * params.chunks + c];
        let d1 = dattended[(q_row1 * params.heads + head) * params.chunks + c];
        s1 += vec4<f32>(dot(k0, q1), dot(k1, q1), dot(k2, q1), dot(k3, q1));
        w1 += vec4<f32>(dot(v0, d1), dot(v1, d1), dot(v2, d1), dot(v3, d1));
        let q_row2 = min(row + 2u, last);
        let q2 = qkv[q_row2 * stride + head * params.chunks + c];
        let d2 = dattended[(q_row2 * params.heads + head) * params.chunks + c];
        s2 += vec4<f32>(dot(k0, q2), dot(k1, q2), dot(k2, q2), dot(k3, q2));
        w2 += vec4<f32>(dot(v0, d2), dot(v1, d2), dot(v2, d2), dot(v3, d2));
        let q_row3 = min(row + 3u, last);
        let q3 = qkv[q_row3 * stride + head * params.chunks + c];
        let d3 = dattended[(q_row3 * params.heads + head) * params.chunks + c];
        s3 += vec4<f32>(dot(k0, q3), dot(k1, q3), dot(k2, q3), dot(k3, q3));
        w3 += vec4<f32>(dot(v0, d3), dot(v1, d3), dot(v2, d3), dot(v3, d3));
        let q_row4 = min(row + 4u, last);
        let q4 = qkv[q_row4 * stride + head * params.chunks + c];
        let d4 = dattended[(q_row4 * params.heads + head) * params.chunks + c];
        s4 += vec4<f32>(dot(k0, q4), dot(k1, q4), dot(k2, q4), dot(k3, q4));
        w4 += vec4<f32>(dot(v0, d4), dot(v1, d4), dot(v2, d4), dot(v3, d4));
        let q_row5 = min(row + 5u, last);
        let q5 = qkv[q_row5 * stride + head * params.chunks + c];
        let d5 = dattended[(q_row5 * params.heads + head) * params.chunks + c];
        s5 += vec4<f32>(dot(k0, q5), dot(k1, q5), dot(k2, q5), dot(k3, q5));
        w5 += vec4<f32>(dot(v0, d5), dot(v1, d5), dot(v2, d5), dot(v3, d5));
        let q_row6 = min(row + 6u, last);
        let q6 = qkv[q_row6 * stride + head * params.chunks + c];
        let d6 = dattended[(q_row6 * params.heads + head) * params.chunks + c];
        s6 += vec4<f32>(dot(k0, q6), dot(k1, q6), dot(k2, q6), dot(k3, q6));
        w6 += vec4<f32>(dot(v0, d6), dot(v1, d6), dot(v2, d6), dot(v3, d6));
        let q_row7 = min(row + 7u, last);
        let q7 = qkv[q_row7 * stride + head * params.chunks + c];
        let d7 = dattended[(q_row7 * params.heads + head) * params.chunks + c];
        s7 += vec4<f32>(dot(k0, q7), dot(k1, q7), dot(k2, q7), dot(k3, q7));
        w7 += vec4<f32>(dot(v0, d7), dot(v1, d7), dot(v2, d7), dot(v3, d7));
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
        let q_row0 = min(row + 0u, last);
        let q0 = qkv[q_row0 * stride + head * params.chunks + c];
        let d0 = dattended[(q_row0 * params.heads + head) * params.chunks + c];
        dk0 += w0.x * q0;
        dv0 += s0.x * d0;
        dk1 += w0.y * q0;
        dv1 += s0.y * d0;
        dk2 += w0.z * q0;
        dv2 += s0.z * d0;
        dk3 += w0.w * q0;
        dv3 += s0.w * d0;
        let q_row1 = min(row + 1u, last);
        let q1 = qkv[q_row1 * stride + head * params.chunks + c];
        let d1 = dattended[(q_row1 * params.heads + head) * params.chunks + c];
        dk0 += w1.x * q1;
        dv0 += s1.x * d1;
        dk1 += w1.y * q1;
        dv1 += s1.y * d1;
        dk2 += w1.z * q1;
        dv2 += s1.z * d1;
        dk3 += w1.w * q1;
        dv3 += s1.w * d1;
        let q_row2 = min(row + 2u, last);
        let q2 = qkv[q_row2 * stride + head * params.chunks + c];
        let d2 = dattended[(q_row2 * params.heads + head) * params.chunks + c];
        dk0 += w2.x * q2;
        dv0 += s2.x * d2;
        dk1 += w2.y * q2;
        dv1 += s2.y * d2;
        dk2 += w2.z * q2;
        dv2 += s2.z * d2;
        dk3 += w2.w * q2;
        dv3 += s2.w * d2;
        let q_row3 = min(row + 3u, last);
        let q3 = qkv[q_row3 * stride + head * params.chunks + c];
        let d3 = dattended[(q_row3 * params.heads + head) * params.chunks + c];
        dk0 += w3.x * q3;
        dv0 += s3.x * d3;
        dk1 += w3.y * q3;
        dv1 += s3.y * d3;
        dk2 += w3.z * q3;
        dv2 += s3.z * d3;
        dk3 += w3.w * q3;
        dv3 += s3.w * d3;
        let q_row4 = min(row + 4u, last);
        let q4 = qkv[q_row4 * stride + head * params.chunks + c];
        let d4 = dattended[(q_row4 * params.heads + head) * params.chunks + c];
        dk0 += w4.x * q4;
        dv0 += s4.x * d4;
        dk1 += w4.y * q4;
        dv1 += s4.y * d4;
        dk2 += w4.z * q4;
        dv2 += s4.z * d4;
        dk3 += w4.w * q4;
        dv3 += s4.w * d4;
        let q_row5 = min(row + 5u, last);
        let q5 = qkv[q_row5 * stride + head * params.chunks + c];
        let d5 = dattended[(q_row5 * params.heads + head) * params.chunks + c];
        dk0 += w5.x * q5;
        dv0 += s5.x * d5;
        dk1 += w5.y * q5;
        dv1 += s5.y * d5;
        dk2 += w5.z * q5;
        dv2 += s5.z * d5;
        dk3 += w5.w * q5;
        dv3 += s5.w * d5;
        let q_row6 = min(row + 6u, last);
        let q6 = qkv[q_row6 * stride + head * params.chunks + c];
        let d6 = dattended[(q_row6 * params.heads + head) * params.chunks + c];
        dk0 += w6.x * q6;
        dv0 += s6.x * d6;
        dk1 += w6.y * q6;
        dv1 += s6.y * d6;
        dk2 += w6.z * q6;
        dv2 += s6.z * d6;
        dk3 += w6.w * q6;
        dv3 += s6.w * d6;
        let q_row7 = min(row + 7u, last);
        let q7 = qkv[q_row7 * stride + head * params.chunks + c];
        let d7 = dattended[(q_row7 * params.heads + head) * params.chunks + c];
        dk0 += w7.x * q7;
        dv0 += s7.x * d7;
        dk1 += w7.y * q7;
        dv1 += s7.y * d7;
        dk2 += w7.z * q7;
        dv2 += s7.z * d7;
        dk3 += w7.w * q7;
        dv3 += s7.w * d7;
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
