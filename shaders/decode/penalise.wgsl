// Repetition penalty (Keskar et al. 2019, eq. in section 4.1): the logit of every token that occurs in the prompt or was
// generated is divided by the penalty where it is positive, and multiplied where it is negative. `seen` is one bit a
// token and sequence; the newest token's bit is set here, so that no step waits for the CPU.

struct Params {
  sequences: u32,
  vocabulary: u32,
  words: u32, // of seen, per sequence
  penalty: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> seen: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> logits: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (wid.y * groups.x + wid.x) * 64u + lane;
  if (i >= params.sequences * params.vocabulary) { return; }
  let b = i / params.vocabulary;
  let token = i % params.vocabulary;
  let word = b * params.words + token / 32u;
  let bit = 1u << (token % 32u);
  let is_newest = ids[b] == token;
  if (is_newest) { atomicOr(&seen[word], bit); }
  if (!is_newest && (atomicLoad(&seen[word]) & bit) == 0u) { return; }
  let logit = logits[i];
  logits[i] = select(logit * params.penalty, logit / params.penalty, logit > 0.0);
}
