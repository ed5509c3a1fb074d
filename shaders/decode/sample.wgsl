// A random choice of the next token, one workgroup per sequence: temperature, then the top k, then the top p of what is
// left (Holtzman et al. 2020), as Transformers' logits processors do in that order; among equals at a threshold all stay.
// Thresholds are found by bisection over the bits of the logits, 32 passes each, without sorting. The random number is
// a hash of (seed, sequence, step): the same seed gives the same text, whatever else is generated beside it.

struct Params {
  sequences: u32,
  vocabulary: u32,
  inverse_temperature: f32,
  top_k: u32, // 0: all
  top_p: f32, // 1: all
  seed: u32,
  first_sequence: u32, // number of this batch's first sequence
}

// As in advance.wgsl.
struct Sequence {
  token: u32,
  length: u32,
  done: u32,
  unused: u32,
}

const LANES: u32 = 128u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read_write> sequences: array<Sequence>;

var<workgroup> values: array<f32, 128>;
var<workgroup> counts: array<u32, 128>;

// Bits in the order of the numbers they mean.
fn key(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
}

// pcg3d of Jarzynski & Olano 2020 ("Hash functions for GPU rendering").
fn hash(seed: vec3<u32>) -> u32 {
  var v = seed * 1664525u + 1013904223u;
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  v ^= v >> vec3<u32>(16u);
  v.x += v.y * v.z;
  v.y += v.z * v.x;
  v.z += v.x * v.y;
  return v.x;
}

fn largest_of(lane: u32, value: f32) -> f32 {
  values[lane] = value;
  workgroupBarrier();
  for (var step = LANES / 2u; step > 0u; step >>= 1u) {
    if (lane < step) { values[lane] = max(values[lane], values[lane + step]); }
    workgroupBarrier();
  }
  let result = values[0];
  workgroupBarrier();
  return result;
}

fn sum_of(lane: u32, value: f32) -> f32 {
  values[lane] = value;
  workgroupBarrier();
  for (var step = LANES / 2u; step > 0u; step >>= 1u) {
    if (lane < step) { values[lane] += values[lane + step]; }
    workgroupBarrier();
  }
  let result = values[0];
  workgroupBarrier();
  return result;
}

fn count_of(lane: u32, value: u32) -> u32 {
  counts[lane] = value;
  workgroupBarrier();
  for (var step = LANES / 2u; step > 0u; step >>= 1u) {
    if (lane < step) { counts[lane] += counts[lane + step]; }
    workgroupBarrier();
  }
  let result = counts[0];
  workgroupBarrier();
  return result;
}

@compute @workgroup_size(128)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let b = wid.x;
  let base = b * params.vocabulary;
  // A lane's tokens are neighbours, so that sums over lanes are sums over tokens in their order.
  let share = (params.vocabulary + LANES - 1u) / LANES;
  let first = min(lane * share, params.vocabulary);
  let end = min(first + share, params.vocabulary);

  var own = -3.4e38;
  for (var v = first; v < end; v++) { own = max(own, logits[base + v]); }
  let largest = largest_of(lane, own);

  var threshold = 0u;
  if (params.top_k > 0u && params.top_k < params.vocabulary) {
    for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
      let candidate = threshold | bit;
      var count = 0u;
      for (var v = first; v < end; v++) { count += u32(key(logits[base + v]) >= candidate); }
      if (count_of(lane, count) >= params.top_k) { threshold = candidate; }
    }
  }
  var mass = 0.0;
  for (var v = first; v < end; v++) {
    let logit = logits[base + v];
    if (key(logit) >= threshold) { mass += exp((logit - largest) * params.inverse_temperature); }
  }
  var total = sum_of(lane, mass);
  if (params.top_p < 1.0) {
    let wanted = params.top_p * total;
    // The largest threshold above which there is enough; that of top k is enough.
    var nucleus = 0u;
    for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
      let candidate = nucleus | bit;
      var above = 0.0;
      for (var v = first; v < end; v++) {
        let logit = logits[base + v];
        if (key(logit) >= max(candidate, threshold)) { above += exp((logit - largest) * params.inverse_temperature); }
      }
      if (sum_of(lane, above) >= wanted) { nucleus = candidate; }
    }
    threshold = max(threshold, nucleus);
    mass = 0.0;
    for (var v = first; v < end; v++) {
      let logit = logits[base + v];
      if (key(logit) >= threshold) { mass += exp((logit - largest) * params.inverse_temperature); }
    }
    total = sum_of(lane, mass);
  }
  values[lane] = mass;
  workgroupBarrier();
  if (lane != 0u) { return; }
  let step = sequences[b].length;
  // 24 bits, so that the number is exact in f32 and below 1.
  let uniform01 = f32(hash(vec3<u32>(params.seed, params.first_sequence + b, step)) >> 8u) / 16777216.0;
  var left = uniform01 * total;
  // The last lane that holds anything keeps what rounding leaves over.
  var chosen_lane = 0u;
  for (var l = 0u; l < LANES; l++) {
    if (values[l] == 0.0) { continue; }
    chosen_lane = l;
    if (left < values[l]) { break; }
    left -= values[l];
  }
  var token = 0u;
  for (var v = chosen_lane * share; v < min((chosen_lane + 1u) * share, params.vocabulary); v++) {
    let logit = logits[base + v];
    if (key(logit) < threshold) { continue; }
    token = v;
    left -= exp((logit - largest) * params.inverse_temperature);
    if (left < 0.0) { break; }
  }
  sequences[b].token = token;
}
