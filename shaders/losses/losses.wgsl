// From log-probabilities of targets to the loss, its metrics and dL/dlogprob of every target, in one workgroup.
//   L_SFT = -sum_m w_m logprob_m
//   L_DPO = W sum_pairs [ (1 - e) softplus(-z) + e softplus(z) ],  z = beta (S_chosen - S_rejected - reference margin),
// S = sum of a sequence's log-probabilities (Rafailov et al. 2023, eq. 7; e: label smoothing of conservative DPO).
// Metrics are added to what is there: they collect over the micro-batches of an optimizer step.

const NONE: u32 = 0xffffffffu;
const METRICS: u32 = 7u;
// Whether there may be pairs: without them a third of this need not be compiled.
const PAIRS: bool = true;

struct Params {
  targets: u32,
  sequences: u32,
  lanes: u32, // 64, as the workgroup has: a bound that software adapters' compilers do not unroll loops by
}

// What changes from batch to batch.
struct Batch {
  pairs: u32,
  beta: f32,
  label_smoothing: f32,
  pair_weight: f32,
}

struct Pair {
  chosen: u32,
  rejected: u32,
  reference_chosen: f32,
  reference_rejected: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> batch: Batch;
@group(0) @binding(2) var<storage, read> logprob: array<f32>;
// Per target (sequence or NONE, bits of the SFT weight).
@group(0) @binding(3) var<storage, read> targets: array<vec2<u32>>;
// Targets by sequence: list[start[s]] .. list[start[s + 1] - 1] are those of sequence s, start first, list after it.
@group(0) @binding(4) var<storage, read> by_sequence: array<u32>;
@group(0) @binding(5) var<storage, read> pairs: array<Pair>;
// Per sequence (sum of log-probabilities, dL/dsum), then coefficients are written out per target.
@group(0) @binding(6) var<storage, read_write> sequence_state: array<vec2<f32>>;
@group(0) @binding(7) var<storage, read_write> coefficient: array<f32>;
// loss_sft, loss_dpo, then weighted by pair_weight: rewards chosen, rejected, accuracy, logps chosen, rejected.
@group(0) @binding(8) var<storage, read_write> metrics: array<f32>;

var<workgroup> sft_of: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sft = 0.0;
  for (var s = lane; s < params.sequences; s += 64u) {
    var sum = 0.0;
    var weighted = 0.0;
    for (var i = by_sequence[s]; i < by_sequence[s + 1u]; i++) {
      let m = by_sequence[params.sequences + 1u + i];
      sum += logprob[m];
      weighted -= bitcast<f32>(targets[m].y) * logprob[m];
    }
    sequence_state[s] = vec2<f32>(sum, 0.0);
    sft += weighted;
  }
  sft_of[lane] = sft;
  storageBarrier();
  workgroupBarrier();
  // Lane s makes dL/dsum of sequence s, and metric s.
  for (var s = lane; s < max(params.sequences, METRICS); s += 64u) {
    var slope = 0.0;
    var metric = 0.0;
    if (s == 0u) {
      for (var i = 0u; i < params.lanes; i++) { metric += sft_of[i]; }
    }
    if (PAIRS) {
      for (var k = 0u; k < batch.pairs; k++) {
        let pair = pairs[k];
        let chosen = sequence_state[pair.chosen].x;
        let rejected = sequence_state[pair.rejected].x;
        let reward_chosen = batch.beta * (chosen - pair.reference_chosen);
        let reward_rejected = batch.beta * (rejected - pair.reference_rejected);
        let z = reward_chosen - reward_rejected;
        let e = batch.label_smoothing;
        // softplus(x) = max(x, 0) + log(1 + t) and sigmoid(x) = 1 / (1 + t) or t / (1 + t), with t = exp(-|x|).
        let t = exp(-abs(z));
        let below = log(1.0 + t);
        let near = 1.0 / (1.0 + t);
        let far = t / (1.0 + t);
        let sigmoids = select(vec2<f32>(far, near), vec2<f32>(near, far), z > 0.0); // of z, of -z
        let d = -batch.beta * batch.pair_weight * ((1.0 - e) * sigmoids.y - e * sigmoids.x);
        if (pair.chosen == s) { slope += d; }
        if (pair.rejected == s) { slope -= d; }
        var value = 0.0;
        switch s {
          case 1u: { value = (1.0 - e) * (max(-z, 0.0) + below) + e * (max(z, 0.0) + below); }
          case 2u: { value = reward_chosen; }
          case 3u: { value = reward_rejected; }
          case 4u: { value = select(0.0, 1.0, reward_chosen > reward_rejected); }
          case 5u: { value = chosen; }
          case 6u: { value = rejected; }
          default: {}
        }
        metric += batch.pair_weight * value;
      }
    }
    if (s < params.sequences) { sequence_state[s].y = slope; }
    if (s < METRICS) { metrics[s] += metric; }
  }
  storageBarrier();
  workgroupBarrier();
  for (var m = lane; m < params.targets; m += 64u) {
    let sequence = targets[m].x;
    var c = 0.0;
    if (sequence != NONE) { c = sequence_state[sequence].y - bitcast<f32>(targets[m].y); }
    coefficient[m] = c;
  }
}
