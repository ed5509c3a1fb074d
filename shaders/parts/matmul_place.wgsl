// The segment that column tile `tile` lies in, and the tile's first column: tiles of COLUMNS columns, which what takes this in
// declares, never straddle two segments.
struct Place {
  segment: vec4<u32>,
  column: u32,
}

fn place_of(tile: u32) -> Place {
  let tiles0 = (params.segment0.y - params.segment0.x + COLUMNS - 1u) / COLUMNS;
  let tiles1 = (params.segment1.y - params.segment1.x + COLUMNS - 1u) / COLUMNS;
  if (tile < tiles0) { return Place(params.segment0, params.segment0.x + tile * COLUMNS); }
  if (tile < tiles0 + tiles1) { return Place(params.segment1, params.segment1.x + (tile - tiles0) * COLUMNS); }
  return Place(params.segment2, params.segment2.x + (tile - tiles0 - tiles1) * COLUMNS);
}
