// dq of attention in register blocks, without shared memory: for software adapters. One invocation works on four queries of
// a head and walks over the keys they see 8 at a time, recomputing p = exp(q k / sqrt(D) - lse), so that
// dq = sum_j p_j (do . v_j - delta) k_j / sqrt(D) with delta = do . out (Dao et al. 2022, appendix B.2). The sums lie in dqkv
// itself. Leaves delta behind for the keys' pass. head_dim must be a multiple of four.

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
      var q0 = vec4<f32>();
      var q1 = vec4<f32>();
      var q2 = vec4<f32>();
      var q3 = vec4<f32>();
      var d0 = vec4<f32>();
      var d1 = vec4<f32>();
      var d2 = vec4<f32>();
      var d3 = vec4<f32>();
      row_delta = vec4<f32>();
      // Keys one after the other, their sums moving up one place each time: see forward_register.wgsl.
      for (var c = 0u; c < params.chunks; c++) {
        // One load in the source for all four: see backward_kv_register.wgsl.
        for (var r = 0u; r < params.block; r++) {
          let own = min(row + r, last);
          q0 = q1;
          d0 = d1;
          q1 = q2;
          d1 = d2;
          q2 = q3;
          d2 = d3;
          q3 = qkv[own * stride + head * params.chunks + c];
          let at = (own * params.heads + head) * params.chunks + c;
          d3 = dattended[at];
          // For every eight keys anew, which costs less than a loop of its own in the source.
          row_delta = vec4<f32>(row_delta.yzw, row_delta.x + dot(d3, attended[at]));
        }
        for (var m = 0u; m < params.step; m++) {
          let at = min(key + m, last) * stride + c;
          let k = qkv[at + key_column];
          let v = qkv[at + value_column];
          let s = s0 + vec4<f32>(dot(q0, k), dot(q1, k), dot(q2, k), dot(q3, k));
          let w = w0 + vec4<f32>(dot(d0, v), dot(d1, v), dot(d2, v), dot(d3, v));
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
        for (var m = 0u; m < params.step; m++) {
          let k = qkv[min(key + m, last) * stride + key_column + c];
          dq0 += s0.x * k;
          dq1 += s0.y * k;
          dq2 += s0.z * k;
          dq3 += s0.w * k;
          let g = s0;
          s0 = s1;
          s1 = s2;
          s2 = s3;
          s3 = s4;
          s4 = s5;
          s5 = s6;
          s6 = s7;
          s7 = g;
        }
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
