// f16 in u32, two in each, nearest to even. What f16 has no number for becomes NaN, never a number: WGSL leaves it open.
const LARGEST_HALF = 65504.0;

fn toHalves(values: vec4f) -> vec2u {
  let isInside = abs(values) <= vec4f(LARGEST_HALF);
  let inside = select(vec4f(), values, isInside);
  let halves = vec2u(pack2x16float(inside.xy), pack2x16float(inside.zw));
  let low = select(vec2u(0x7e00), vec2u(), isInside.xz);
  let high = select(vec2u(0x7e000000), vec2u(), isInside.yw);
  return halves | low | high;
}

fn ofHalves(halves: vec2u) -> vec4f {
  return vec4f(unpack2x16float(halves.x), unpack2x16float(halves.y));
}

// Value i, given the u32 that holds it.
fn halfAt(pair: u32, i: u32) -> f32 {
  return unpack2x16float(pair)[i % 2];
}
