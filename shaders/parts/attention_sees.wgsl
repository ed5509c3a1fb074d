// Which of four keys from `key` on lie in start <= j < end.
fn sees_keys(range: vec2<u32>, key: u32) -> vec4<bool> {
  let keys = vec4<u32>(key, key + 1u, key + 2u, key + 3u);
  return (vec4<u32>(range.x) <= keys) & (keys < vec4<u32>(range.y));
}

// A query's first or second range of keys.
fn range_of(visible: vec4<u32>, part: u32) -> vec2<u32> {
  return select(visible.zw, visible.xy, part == 0u);
}
