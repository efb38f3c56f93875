// The normal distribution function P, given bell = exp(-x^2/2). With z = |x|, P(-z) = bell g(z), where g is the polynomial
// in w = 0.37 z / (1 + 0.37 z) of assembly/gelu.ts: off by at most 1.1e-7 in the error function it implies.
fn normalCdf(x: f32, bell: f32) -> f32 {
  let q = 0.37 * abs(x);
  let w = q / (q + 1.0);
  var g = fma(0.05598697278, w, -0.03389461776);
  g = fma(g, w, -0.1379836561);
  g = fma(g, w, -0.05161416068);
  g = fma(g, w, 0.7479489016);
  g = fma(g, w, -1.078222775);
  g = fma(g, w, 0.5);
  let tail = g * bell;
  return select(1.0 - tail, tail, x < 0.0);
}
