#!/usr/bin/env bash
# Measures the WebGPU rows of the bench and, where PyTorch is installed, its own implementation of the same work on the same
# GPU: eager, and with torch.compile. Needs a built checkout, the package `webgpu`, a Vulkan loader and the GPU's driver.
set -euo pipefail
cd "$(dirname "$0")/.."
nvidia-smi --query-gpu=name,driver_version --format=csv,noheader 2>/dev/null || true
node dist/test/bench/bench.js --device webgpu --seconds "${SECONDS_PER_ROW:-2}" --json "${OUT:-runs/bench}/webgpu.json"
if python3 -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
  python3 scripts/gpu_peer.py
else
  echo "PyTorch with CUDA is not installed: no peer was measured"
fi
