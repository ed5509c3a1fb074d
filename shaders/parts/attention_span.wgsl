// Ranges of keys that four queries see, in the order of vec4s.

// The keys that at least one of four queries sees of its range start to end: from the lowest start, to the highest end.
fn span(start: vec4<u32>, end: vec4<u32>) -> vec2<u32> {
  let some = start < end;
  let low = select(vec4<u32>(0xffffffffu), start, some);
  let high = select(vec4<u32>(), end, some);
  return vec2<u32>(min(min(low.x, low.y), min(low.z, low.w)), max(max(high.x, high.y), max(high.z, high.w)));
}

fn sees(start: vec4<u32>, end: vec4<u32>, key: u32) -> vec4<bool> {
  return (start <= vec4<u32>(key)) & (vec4<u32>(key) < end);
}
