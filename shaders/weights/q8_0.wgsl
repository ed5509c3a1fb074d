// Frozen weights in ggml's q8_0: blocks of 32 signed bytes q and one f16 scale d, weight = d q; 8.5 bits a weight.
// Quants lie in one buffer, four to a word, scales in another, two to a word: nothing is lost, all is aligned.

@group(0) @binding(6) var<storage, read> w: array<u32>;
@group(0) @binding(7) var<storage, read> w_scales: array<u32>;

fn block_scale(block: u32) -> f32 {
  return unpack2x16float(w_scales[block / 2u])[block % 2u];
}

// Weights 4 i to 4 i + 3.
fn weight4(i: u32) -> vec4<f32> {
  let quants = (vec4<i32>(bitcast<i32>(w[i])) << vec4<u32>(24u, 16u, 8u, 0u)) >> vec4<u32>(24u);
  return block_scale(i / 8u) * vec4<f32>(quants);
}

fn weight(i: u32) -> f32 {
  let quant = (bitcast<i32>(w[i / 4u]) << (24u - 8u * (i % 4u))) >> 24u;
  return block_scale(i / 32u) * f32(quant);
}
