// y[m] = x[index[m]]. (ops/gather-rows.ts)
#include element
#include half

struct Parameters {
  size: u32,
  width: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
#if X_HALF
@group(0) @binding(0) var<storage, read> x: array<u32>;
fn xAt(i: u32) -> f32 {
  return halfAt(x[i / 2], i);
}
#else
@group(0) @binding(0) var<storage, read> x: array<f32>;
fn xAt(i: u32) -> f32 {
  return x[i];
}
#endif
@group(0) @binding(1) var<storage, read> index: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  y[i] = xAt(u32(index[i / parameters.width]) * parameters.width + i % parameters.width);
}
