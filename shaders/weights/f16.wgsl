// Frozen weights in f16, two to a word: 16 bits a weight. WGSL's own f16 type needs a feature; unpacking does not.

@group(0) @binding(6) var<storage, read> w: array<u32>;

// Weights 4 i to 4 i + 3.
fn weight4(i: u32) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(w[2u * i]), unpack2x16float(w[2u * i + 1u]));
}

fn weight(i: u32) -> f32 {
  return unpack2x16float(w[i / 2u])[i % 2u];
}
