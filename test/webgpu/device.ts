/**
 * The WebGPU device of tests: SwiftShader, a driver that runs on the CPU, where vitest.config.ts has found it (Debian's
 * package chromium has it), a GPU where VK_DRIVER_FILES or the system has a driver; otherwise Dawn's null backend,
 * which checks modules and commands but computes nothing.
 */
import { type Gpu, openGpu } from "../../runtime/webgpu/gpu.ts";

let opened: Promise<{ readonly gpu: Gpu; readonly computes: boolean }> | undefined;

/** One device for each test process. */
export function testDevice(): Promise<{ readonly gpu: Gpu; readonly computes: boolean }> {
  opened ??= open();
  return opened;
}

/** Why a test is skipped whose modules and commands have been checked, but not run. */
export const NOT_RUN = "there is no WebGPU driver here: checked by Dawn's null backend, not run";

async function open() {
  try {
    return { gpu: await openGpu({ dawn: ["backend=vulkan"] }), computes: true };
  } catch {
    return { gpu: await openGpu({ dawn: ["backend=null"] }), computes: false };
  }
}
