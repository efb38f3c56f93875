#!/usr/bin/env bash
# On the machine with the GPU: conformance, then the benchmarks, each program's JSON in a file of its own in the folder given.
# `run.sh OUT software` runs the little sizes on a driver that computes on the processor. What fails is told, the rest goes on.
out=${1:?run.sh OUT [software]}
size=${2:-base}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$out" "$here/curves"
out=$(cd "$out" && pwd)
cd "$here" || exit 1
export LD_LIBRARY_PATH="$here${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/tmp}"
if [ -z "${VK_DRIVER_FILES:-}" ]; then
  VK_DRIVER_FILES=$(find /usr /etc -path '*vulkan/icd.d/nvidia_icd*.json' 2>/dev/null | head -n 1)
  export VK_DRIVER_FILES
fi
echo "driver: ${VK_DRIVER_FILES:-none found}"

step() { # name, program ...
  name=$1
  shift
  begin=$(date +%s)
  if "$@" >"$out/$name.json" 2>"$out/$name.log"; then result=done; else result="FAILED: $(tail -n 3 "$out/$name.log")"; fi
  echo "$name: $result, $(($(date +%s) - begin)) s, $(head -c 200 "$out/$name.json" | head -n 1)"
}

for precision in float32 mixed; do
  step "conformance-$precision" "$here/node" "$here/conformance.mjs" "$precision" "$size"
  step "webgpu-$precision" "$here/node" "$here/bench.mjs" "$(cat "$here/$size-$precision.json")"
done
step curve-inputs "$here/node" "$here/curve-inputs.mjs" "$(cat "$here/$size-curve-inputs.json")"
for precision in float32 mixed; do
  step "curve-webgpu-$precision" "$here/node" "$here/curve.mjs" "$(cat "$here/$size-curve-$precision.json")"
done
for peer in tfjs jax; do
  if [ -f "$here/$peer.mjs" ]; then step "$peer-webgpu" "$here/node" "$here/$peer.mjs" "$(cat "$here/$size-peers.json")"; fi
done
step webgpu-null "$here/node" "$here/host.mjs" "$(cat "$here/host.json")"
if [ "$size" = base ]; then
  for kind in bf16 float32; do
    step "torch-$kind" python3 "$here/train_torch.py" "$(cat "$here/torch-$kind.json")"
  done
  for kind in float32 other bf16; do
    step "curve-torch-$kind" python3 "$here/curve_torch.py" "$(cat "$here/torch-curve-$kind.json")"
  done
fi
