// WGSL lets an implementation assume that there are no NaNs, so comparisons cannot tell one; bits can.
fn isNan(value: f32) -> bool {
  return (bitcast<u32>(value) & 0x7fffffffu) > 0x7f800000u;
}

fn isPositiveInfinity(value: f32) -> bool {
  return bitcast<u32>(value) == 0x7f800000u;
}
