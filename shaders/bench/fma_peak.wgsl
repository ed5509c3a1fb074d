// Nothing but multiplications with additions, in registers: the rate that no kernel exceeds. Each invocation has eight
// chains that do not depend on each other, so that one's latency hides behind the others; what they end at is stored, or a
// compiler would leave them out. FUSED asks for one rounding (fma) instead of two: adapters differ in which is faster.

const FUSED: bool = true;
const ROUNDS: u32 = 128u;

struct Params {
  factor: f32,
  summand: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> ends: array<f32>;

fn step(a: f32, factor: f32, summand: f32) -> f32 {
  if (FUSED) { return fma(a, factor, summand); }
  return a * factor + summand;
}

fn two(a: f32, factor: f32, summand: f32) -> f32 {
  return step(step(a, factor, summand), factor, summand);
}

// Eight steps between two looks at the loop's counter.
fn eight(a: f32, factor: f32, summand: f32) -> f32 {
  return two(two(two(two(a, factor, summand), factor, summand), factor, summand), factor, summand);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let start = f32(id.x);
  var a = start;
  var b = start + 1.0;
  var c = start + 2.0;
  var d = start + 3.0;
  var e = start + 4.0;
  var f = start + 5.0;
  var g = start + 6.0;
  var h = start + 7.0;
  let factor = params.factor;
  let summand = params.summand;
  for (var i = 0u; i < ROUNDS; i++) {
    a = eight(a, factor, summand);
    b = eight(b, factor, summand);
    c = eight(c, factor, summand);
    d = eight(d, factor, summand);
    e = eight(e, factor, summand);
    f = eight(f, factor, summand);
    g = eight(g, factor, summand);
    h = eight(h, factor, summand);
  }
  ends[id.x] = a + b + c + d + e + f + g + h;
}
