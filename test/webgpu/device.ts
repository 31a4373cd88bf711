/**
 * The WebGPU device of tests: SwiftShader, a driver that runs on the CPU, where it is found (Debian's package chromium
 * has it), a GPU where VK_DRIVER_FILES or the system has a driver; otherwise Dawn's null backend, which checks modules
 * and commands but computes nothing.
 */
import { existsSync } from "node:fs";
import { type Gpu, openGpu } from "../../runtime/webgpu/gpu.ts";

const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

let opened: Promise<{ readonly gpu: Gpu; readonly computes: boolean }> | undefined;

/** One device for each test process. */
export function testDevice(): Promise<{ readonly gpu: Gpu; readonly computes: boolean }> {
  opened ??= open();
  return opened;
}

async function open() {
  if (process.env.VK_DRIVER_FILES === undefined && existsSync(SWIFTSHADER)) process.env.VK_DRIVER_FILES = SWIFTSHADER;
  try {
    return { gpu: await openGpu({ dawn: ["backend=vulkan"] }), computes: true };
  } catch {
    return { gpu: await openGpu({ dawn: ["backend=null"] }), computes: false };
  }
}
