// Attention over the packed mask in register blocks, without shared memory: for software adapters. One invocation works on
// four queries of a head and walks over the keys they see 8 at a time, with an online softmax (Milakov & Gimelshein
// 2018): out = softmax(q k^T / sqrt(D)) v. Scores never leave its registers; the sums over values lie in `attended` itself,
// which a CPU keeps in its cache, always divided by what the weights sum up to so far: to divide them once in the end would be
// a load and a store more to compile. Saves only the log-sum-exp.
// qkv[t] = [queries | keys | values], in vec4s: head_dim must be a multiple of four. Grouped queries share a key head.

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
      var q0 = vec4<f32>();
      var q1 = vec4<f32>();
      var q2 = vec4<f32>();
      var q3 = vec4<f32>();
      // Keys one after the other, their sums moving up one place each time: unrolled, software adapters' compilers take
      // seconds.
      for (var c = 0u; c < params.chunks; c++) {
        // One load in the source for all four: see backward_kv_register.wgsl.
        for (var r = 0u; r < params.block; r++) {
          q0 = q1;
          q1 = q2;
          q2 = q3;
          q3 = qkv[min(row + r, last) * stride + head * params.chunks + c];
        }
        for (var m = 0u; m < params.step; m++) {
          let k = qkv[min(key + m, last) * stride + key_column + c];
          let sum = s0 + vec4<f32>(dot(q0, k), dot(q1, k), dot(q2, k), dot(q3, k));
          s0 = s1;
          s1 = s2;
          s2 = s3;
          s3 = s4;
          s4 = s5;
          s5 = s6;
          s6 = s7;
          s7 = sum;
        }
      }
      // The same for masks and exponentials.
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
        for (var m = 0u; m < params.step; m++) {
          let v = qkv[min(key + m, last) * stride + value_column + c];
          o0 += s0.x * v;
          o1 += s0.y * v;
          o2 += s0.z * v;
          o3 += s0.w * v;
          let p = s0;
          s0 = s1;
          s1 = s2;
          s2 = s3;
          s3 = s4;
          s4 = s5;
          s5 = s6;
          s6 = s7;
          s7 = p;
        }
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
