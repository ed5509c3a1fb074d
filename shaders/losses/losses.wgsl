// From log-probabilities of targets to the loss, its metrics and dL/dlogprob of every target, in one workgroup.
//   L_SFT = -sum_m w_m logprob_m
//   L_DPO = W sum_pairs [ (1 - e) softplus(-z) + e softplus(z) ],  z = beta (S_chosen - S_rejected - reference margin),
// S = sum of a sequence's log-probabilities (Rafailov et al. 2023, eq. 7; e: label smoothing of conservative DPO).
// Metrics are added to what is there: they collect over the micro-batches of an optimizer step.

const NONE: u32 = 0xffffffffu;

struct Params {
  targets: u32,
  sequences: u32,
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

fn softplus(x: f32) -> f32 {
  return max(x, 0.0) + log(1.0 + exp(-abs(x)));
}

fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-x));
}

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
  for (var s = lane; s < params.sequences; s += 64u) {
    var slope = 0.0;
    for (var k = 0u; k < batch.pairs; k++) {
      let pair = pairs[k];
      if (pair.chosen != s && pair.rejected != s) { continue; }
      let margin = (sequence_state[pair.chosen].x - pair.reference_chosen) - (sequence_state[pair.rejected].x - pair.reference_rejected);
      let z = batch.beta * margin;
      let e = batch.label_smoothing;
      let d = -batch.beta * batch.pair_weight * ((1.0 - e) * sigmoid(-z) - e * sigmoid(z));
      slope += select(-d, d, pair.chosen == s);
    }
    sequence_state[s].y = slope;
  }
  storageBarrier();
  workgroupBarrier();
  for (var m = lane; m < params.targets; m += 64u) {
    let sequence = targets[m].x;
    var c = 0.0;
    if (sequence != NONE) { c = sequence_state[sequence].y - bitcast<f32>(targets[m].y); }
    coefficient[m] = c;
  }
  if (lane != 0u) { return; }
  var total = 0.0;
  for (var i = 0u; i < 64u; i++) { total += sft_of[i]; }
  metrics[0] += total;
  for (var k = 0u; k < batch.pairs; k++) {
    let pair = pairs[k];
    let chosen = sequence_state[pair.chosen].x;
    let rejected = sequence_state[pair.rejected].x;
    let reward_chosen = batch.beta * (chosen - pair.reference_chosen);
    let reward_rejected = batch.beta * (rejected - pair.reference_rejected);
    let z = reward_chosen - reward_rejected;
    let e = batch.label_smoothing;
    metrics[1] += batch.pair_weight * ((1.0 - e) * softplus(-z) + e * softplus(z));
    metrics[2] += batch.pair_weight * reward_chosen;
    metrics[3] += batch.pair_weight * reward_rejected;
    metrics[4] += select(0.0, batch.pair_weight, reward_chosen > reward_rejected);
    metrics[5] += batch.pair_weight * chosen;
    metrics[6] += batch.pair_weight * rejected;
  }
}
