/**
 * Functions that WGSL lacks, or has only with large errors (W3C WGSL, accuracy of builtins: sin and cos may err by
 * 2⁻¹¹ absolutely, tanh overflows), in float32. Modules hold those that they use.
 */

const FUNCTIONS: Readonly<Record<string, string>> = {
  // exp(x) − 1 = 2 sinh(x/2) exp(x/2) cancels near 0; there the series is exact to float32.
  expm1: `fn expm1(x: f32) -> f32 {
  if (abs(x) < 0.35) {
    return x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666668 + x * (0.008333334 + x * (0.0013888889 + x * 0.0001984127))))));
  }
  return exp(x) - 1.0;
}`,
  // What rounding takes from 1 + x is made good in first order.
  log1p: `fn log1p(x: f32) -> f32 {
  if (abs(x) < 0.15) {
    let s = x / (2.0 + x);
    let q = s * s;
    return 2.0 * s * (1.0 + q * (0.33333334 + q * (0.2 + q * (0.14285715 + q * 0.11111111))));
  }
  return log(1.0 + x);
}`,
  sigmoid: `fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(min(-x, 88.0)));
}`,
  softplus: `fn softplus(x: f32) -> f32 {
  return max(x, 0.0) + log1p(exp(-abs(x)));
}`,
  elu: `fn elu(x: f32) -> f32 {
  return select(expm1(min(x, 0.0)), x, x > 0.0);
}`,
  elu_gradient: `fn elu_gradient(cotangent: f32, y: f32) -> f32 {
  return select(cotangent * (y + 1.0), cotangent, y > 0.0);
}`,
  hyperbolic_tangent: `fn hyperbolic_tangent(x: f32) -> f32 {
  let e = expm1(min(2.0 * abs(x), 40.0));
  return sign(x) * e / (e + 2.0);
}`,
  power: `fn power(a: f32, b: f32) -> f32 {
  if (b == 0.0) { return 1.0; }
  if (a > 0.0) { return exp2(b * log2(a)); }
  if (a == 0.0) { return 0.0; }
  let odd = b - 2.0 * floor(0.5 * b) == 1.0;
  return select(1.0, -1.0, odd) * exp2(b * log2(-a));
}`,
  // Reduced to [−π/4, π/4] with π/2 in three parts (Cody and Waite 1980), then Taylor's polynomials.
  sine: `fn sine(x: f32) -> f32 {
  return circular(x, 0);
}`,
  cosine: `fn cosine(x: f32) -> f32 {
  return circular(x, 1);
}`,
  circular: `fn circular(x: f32, turn: i32) -> f32 {
  let n = round(x * 0.63661975);
  let r = ((x - n * 1.5703125) - n * 0.0004837513) - n * 7.54979e-8;
  let s = r * r;
  let quadrant = (i32(n) + turn) & 3;
  let sin_r = r * (1.0 + s * (-0.16666667 + s * (0.008333334 + s * (-0.0001984127 + s * 2.7557319e-6))));
  let cos_r = 1.0 + s * (-0.5 + s * (0.041666668 + s * (-0.0013888889 + s * (2.4801587e-5 - s * 2.755732e-7))));
  let value = select(sin_r, cos_r, (quadrant & 1) == 1);
  return select(value, -value, quadrant >= 2);
}`,
  // Threefry-2x32, 20 rounds (Salmon, Moraes, Dror and Shaw 2011), as in runtime/random.ts.
  threefry: `fn threefry(key: vec2<u32>, counter: vec2<u32>) -> vec2<u32> {
  let keys = array<u32, 3>(key.x, key.y, 0x1bd11bdau ^ key.x ^ key.y);
  var a = counter.x + key.x;
  var b = counter.y + key.y;
  for (var group = 0u; group < 5u; group++) {
    let turns = select(vec4<u32>(17u, 29u, 16u, 24u), vec4<u32>(13u, 15u, 26u, 6u), group % 2u == 0u);
    for (var round = 0u; round < 4u; round++) {
      a += b;
      b = ((b << turns[round]) | (b >> (32u - turns[round]))) ^ a;
    }
    a += keys[(group + 1u) % 3u];
    b += keys[(group + 2u) % 3u] + group + 1u;
  }
  return vec2<u32>(a, b);
}`,
  // In kernels nothing overflows: e^88.7 is nearly the largest float32.
  exponential: `fn exponential(x: f32) -> f32 {
  return exp(min(x, 88.7));
}`,
  bounded_expm1: `fn bounded_expm1(x: f32) -> f32 {
  return expm1(min(x, 88.7));
}`,
  // Of nothing the logarithm is that of the smallest normal number.
  logarithm: `fn logarithm(x: f32) -> f32 {
  return log(max(x, 1.1754944e-38));
}`,
  // With the sign of the divisor.
  remainder: `fn remainder(a: f32, b: f32) -> f32 {
  return a - b * floor(a / b);
}`,
  whole_remainder: `fn whole_remainder(a: i32, b: i32) -> i32 {
  return ((a % b) + b) % b;
}`,
  within: `fn within(index: i32, length: i32, number: u32, row: u32, asked: bool) -> i32 {
  if (index >= 0 && index < length) { return index; }
  if (asked) { fault(number, row, u32(index)); }
  return clamp(index, 0, length - 1);
}`,
  kind_of: `fn kind_of(x: f32, nan: u32, positive: u32, negative: u32) -> u32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffu) != 0u) { return nan; }
  return select(positive, negative, (bits >> 31u) == 1u);
}`,
  // Whatever a compiler assumes of floating-point numbers, these are their bits.
  is_finite: `fn is_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u;
}`,
};

export const FUNCTION_NAMES: readonly string[] = Object.keys(FUNCTIONS);

/** The functions that a text calls, and those that they call, in an order in which each is known before it is used. */
export function functionsFor(text: string): string[] {
  const wanted = new Set<string>();
  const visit = (within: string): void => {
    for (const name of FUNCTION_NAMES) {
      if (wanted.has(name) || !new RegExp(`\\b${name}\\(`).test(within)) continue;
      wanted.add(name);
      visit(FUNCTIONS[name]!.split("\n").slice(1).join("\n"));
    }
  };
  visit(text);
  return FUNCTION_NAMES.filter((name) => wanted.has(name)).map((name) => FUNCTIONS[name]!);
}
