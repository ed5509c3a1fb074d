/** @file SwiGLU's elementwise part (Shazeer 2020, eq. 6): silu(gate) up, silu(x) = x / (1 + exp(-x)). */

export function swiglu(gate: Float64Array, up: Float64Array): Float64Array {
  return gate.map((g, i) => g * sigmoid(g) * up[i]!);
}

/** silu'(x) = sigmoid(x) (1 + x (1 - sigmoid(x))). */
export function swigluBackward(
  gate: Float64Array,
  up: Float64Array,
  dact: Float64Array,
): { dgate: Float64Array; dup: Float64Array } {
  const dgate = gate.map((g, i) => dact[i]! * up[i]! * sigmoid(g) * (1 + g * (1 - sigmoid(g))));
  const dup = gate.map((g, i) => dact[i]! * g * sigmoid(g));
  return { dgate, dup };
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
