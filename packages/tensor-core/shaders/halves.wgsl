// Values from f16 to f32 and back, for kernels that take f32 only.
#include element
#include half

struct Parameters {
  quads: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> halves: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> values: array<vec4f>;
@group(0) @binding(0) var<storage, read> wide: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> rounded: array<vec2u>;

@compute @workgroup_size(INVOCATIONS)
fn widen(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i < parameters.quads) {
    values[i] = ofHalves(halves[i]);
  }
}

@compute @workgroup_size(INVOCATIONS)
fn narrow(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i < parameters.quads) {
    rounded[i] = toHalves(wide[i]);
  }
}
