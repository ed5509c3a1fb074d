// The segment that column tile `tile` lies in, and the tile's first column: tiles of COLUMNS columns, which what takes this in
// declares, never straddle two segments. By selection, without branches: thus lavapipe's compiler sees that all lanes get the
// same, and that lanes whose addresses differ by nothing else need one load.
struct Place {
  segment: vec4<u32>,
  column: u32,
}

fn place_of(tile: u32) -> Place {
  let tiles0 = (params.segment0.y - params.segment0.x + COLUMNS - 1u) / COLUMNS;
  let tiles1 = tiles0 + (params.segment1.y - params.segment1.x + COLUMNS - 1u) / COLUMNS;
  let segment = select(select(params.segment2, params.segment1, tile < tiles1), params.segment0, tile < tiles0);
  let first_tile = select(select(tiles1, tiles0, tile < tiles1), 0u, tile < tiles0);
  return Place(segment, segment.x + (tile - first_tile) * COLUMNS);
}
