// dx[t] += r (g dy) - x r^3 / H sum(g dy x), with r = rsqrt(mean(x^2) + eps) recomputed; one workgroup per row.
// FROM_TARGETS: the final norm. dy of token t is the sum over its targets' rows target_start[t] .. target_start[t + 1],
// in order, and dx is overwritten (it is zero where a token predicts nothing).

const FROM_TARGETS: bool = false;

struct Params {
  rows: u32,
  hidden: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read> target_start: array<u32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;

var<workgroup> squares: array<f32, 64>;
var<workgroup> products: array<f32, 64>;

fn dy_at(row: u32, k: u32) -> f32 {
  if (!FROM_TARGETS) { return dy[row * params.hidden + k]; }
  var sum = 0.0;
  for (var m = target_start[row]; m < target_start[row + 1u]; m++) {
    sum += dy[m * params.hidden + k];
  }
  return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let group = wid.y * groups.x + wid.x;
  let live = group < params.rows;
  let row = min(group, params.rows - 1u);
  let base = row * params.hidden;
  var square = 0.0;
  var product = 0.0;
  for (var k = lane; k < params.hidden; k += 64u) {
    let v = x[base + k];
    square += v * v;
    product += gain[k] * dy_at(row, k) * v;
  }
  squares[lane] = square;
  products[lane] = product;
  workgroupBarrier();
  for (var step = 32u; step > 0u; step >>= 1u) {
    if (lane < step) {
      squares[lane] += squares[lane + step];
      products[lane] += products[lane + step];
    }
    workgroupBarrier();
  }
  let hidden = f32(params.hidden);
  let r = inverseSqrt(squares[0] / hidden + params.eps);
  let along = products[0] * r * r * r / hidden;
  if (live) {
    for (var k = lane; k < params.hidden; k += 64u) {
      let gradient = r * gain[k] * dy_at(row, k) - x[base + k] * along;
      if (FROM_TARGETS) {
        dx[base + k] = gradient;
      } else {
        dx[base + k] += gradient;
      }
    }
  }
}
