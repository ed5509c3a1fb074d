// What is done to products as they are stored, by params.adds: see matmul_store.wgsl.
const RESIDUAL: u32 = 1u;
const GRADIENT: u32 = 2u;
const PRESENT: u32 = 3u;
