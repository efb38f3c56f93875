// A NaN as a literal is an error in WGSL; one from bits that the compiler cannot see is not.
fn quietNan() -> f32 {
  return bitcast<f32>(0x7fc00000u | (parameters.rows & 0u));
}
