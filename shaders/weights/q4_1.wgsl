// Frozen weights in ggml's q4_1: blocks of 32 four-bit q, an f16 scale d and an f16 minimum m, weight = d q + m; 5 bits
// a weight. Quants lie in one buffer, eight neighbours to a word; scale and minimum are one word of another.

@group(0) @binding(6) var<storage, read> w: array<u32>;
@group(0) @binding(7) var<storage, read> w_scales: array<u32>;

// Weights 4 i to 4 i + 3.
fn weight4(i: u32) -> vec4<f32> {
  let quants = (vec4<u32>(w[i / 2u] >> (16u * (i % 2u))) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u);
  let scale = unpack2x16float(w_scales[i / 8u]);
  return scale.x * vec4<f32>(quants) + scale.y;
}

fn weight(i: u32) -> f32 {
  let scale = unpack2x16float(w_scales[i / 32u]);
  return scale.x * f32((w[i / 8u] >> (4u * (i % 8u))) & 15u) + scale.y;
}
