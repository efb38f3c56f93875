// Images as rows of patches, and back. Rows of pixels of a patch lie together in both. (ops/patchify.ts)
#include element

struct Parameters {
  size: u32,
  height: u32,
  width: u32,
  channels: u32,
  patchSize: u32,
}

@group(1) @binding(0) var<uniform> parameters: Parameters;
@group(0) @binding(0) var<storage, read> images: array<f32>;
@group(0) @binding(1) var<storage, read_write> patches: array<f32>;
@group(0) @binding(0) var<storage, read> dpatches: array<f32>;
@group(0) @binding(1) var<storage, read_write> dimages: array<f32>;

// Where pixel value `i` of the images stands among the patches.
fn patchOffset(i: u32) -> u32 {
  let size = parameters.patchSize;
  let channel = i % parameters.channels;
  let column = i / parameters.channels % parameters.width;
  let row = i / parameters.channels / parameters.width;
  // The height is a multiple of the size, so rows of patches count on from image to image.
  let patchIndex = row / size * (parameters.width / size) + column / size;
  return ((patchIndex * size + row % size) * size + column % size) * parameters.channels + channel;
}

@compute @workgroup_size(INVOCATIONS)
fn forward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  patches[patchOffset(i)] = images[i];
}

@compute @workgroup_size(INVOCATIONS)
fn backward(groups: Groups, @builtin(local_invocation_index) lane: u32) {
  let i = elementOf(groups, lane);
  if (i >= parameters.size) {
    return;
  }
  dimages[i] = dpatches[patchOffset(i)];
}
