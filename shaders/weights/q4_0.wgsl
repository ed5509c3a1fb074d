// Frozen weights in ggml's q4_0: blocks of 32 four-bit q and one f16 scale d, weight = d (q - 8); 4.5 bits a weight.
// Quants lie in one buffer, eight neighbours to a word, scales in another, two to a word.

@group(0) @binding(6) var<storage, read> w: array<u32>;
@group(0) @binding(7) var<storage, read> w_scales: array<u32>;

fn block_scale(block: u32) -> f32 {
  return unpack2x16float(w_scales[block / 2u])[block % 2u];
}

// Weights 4 i to 4 i + 3.
fn weight4(i: u32) -> vec4<f32> {
  let quants = (vec4<u32>(w[i / 2u] >> (16u * (i % 2u))) >> vec4<u32>(0u, 4u, 8u, 12u)) & vec4<u32>(15u);
  return block_scale(i / 8u) * (vec4<f32>(quants) - 8.0);
}

fn weight(i: u32) -> f32 {
  return block_scale(i / 32u) * (f32((w[i / 8u] >> (4u * (i % 8u))) & 15u) - 8.0);
}
