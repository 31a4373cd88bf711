/**
 * A WebGPU device: the browser's own, or in Node that of the optional package `webgpu` (Dawn). What goes wrong on it is
 * kept here and told at the next chance, as errors that say what to do.
 */
import { UserError } from "../user-error.ts";

/** Constants of the WebGPU specification, which Node has no globals for. */
export const USAGE = { mapRead: 0x1, copySource: 0x4, copyDestination: 0x8, uniform: 0x40, storage: 0x80 } as const;
export const READ = 0x1;
export const COMPUTE = 0x4;

export interface GpuOptions {
  /** A device of one's own, such as that of the tfjs backend `webgpu`. */
  readonly device?: GPUDevice;
  /** How Dawn is created in Node, such as `["backend=vulkan"]`. */
  readonly dawn?: readonly string[];
  /** Whether work that shares a dispatch shares it indeed; unless the adapter is a CPU. */
  readonly shared?: boolean;
}

/** What a model may need more of than every adapter has. */
const RAISED = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeInvocationsPerWorkgroup",
  "maxComputeWorkgroupSizeX",
] as const;

export class Gpu {
  readonly device: GPUDevice;
  /** As the adapter describes itself. */
  readonly description: string;
  /**
   * Whether work that shares a dispatch is dispatched together. A driver on the CPU (SwiftShader, llvmpipe) runs both
   * sides of a branch, so that each workgroup would take the time of all that shares its dispatch.
   */
  readonly shared: boolean;
  /** Dawn ends with what `create` returned, even while its devices are in use. */
  private entry: GPU | undefined;
  private problem: UserError | undefined;
  private watching: Promise<unknown> = Promise.resolve();
  private closing = false;
  private readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();

  /** `entry`: what the device was asked of; undefined where it is the caller's. */
  constructor(device: GPUDevice, description: string, entry: GPU | undefined, shared: boolean) {
    this.device = device;
    this.shared = shared;
    this.description = description;
    this.entry = entry;
    device.addEventListener("uncapturederror", this.onError);
    void device.lost.then(({ reason, message }) => {
      if (this.closing) return;
      this.problem = new UserError("the device `webgpu` was lost", {
        why: message === "" ? `the system took it away (${reason})` : message,
        help: "open the model again, from its last checkpoint; use smaller batches if one step takes seconds",
      });
    });
  }

  private readonly onError = (event: Event): void => {
    const { error } = event as GPUUncapturedErrorEvent;
    this.problem ??= problemOf(error, "a command on the device `webgpu` failed");
  };

  /** Throws what has gone wrong since the last time. */
  check(): void {
    const { problem } = this;
    if (problem === undefined) return;
    // A lost device stays lost.
    if (!this.isLost()) this.problem = undefined;
    throw problem;
  }

  /**
   * Runs `make`; what the device finds wrong with it is told, as a problem with `what`, by the next `check`, after
   * `undo` of what has been made. Commands that use it fail as well, and are not the reason.
   */
  watched<T>(what: string, make: () => T, undo: (made: T) => void): T {
    this.device.pushErrorScope("out-of-memory");
    this.device.pushErrorScope("validation");
    const made = make();
    const scopes = [this.device.popErrorScope(), this.device.popErrorScope()];
    this.watching = Promise.all([this.watching, ...scopes]).then(([_, invalid, memory]) => {
      const error = memory ?? invalid;
      if (!error) return;
      if (!this.isLost()) this.problem = problemOf(error, what);
      undo(made);
    });
    return made;
  }

  private isLost(): boolean {
    return this.problem?.message.includes("was lost") === true;
  }

  /** Once it is known how everything so far has gone; throws what has gone wrong. */
  async settled(): Promise<void> {
    await this.watching;
    // What else comes of the same problem is not to be told of later commands.
    if (this.problem !== undefined && !this.isLost()) await this.device.queue.onSubmittedWorkDone();
    this.check();
  }

  /** A pipeline of a module, compiled once. `access` says what is bound from binding 1 on. */
  pipeline(
    name: string,
    code: string,
    access: readonly ("read" | "write")[],
    entryPoint = "main",
  ): Promise<GPUComputePipeline> {
    const key = `${entryPoint} ${code}`;
    const known = this.pipelines.get(key);
    if (known !== undefined) return known;
    const made = this.compile(name, code, access, entryPoint);
    this.pipelines.set(key, made);
    return made;
  }

  private async compile(
    name: string,
    code: string,
    access: readonly ("read" | "write")[],
    entryPoint: string,
  ): Promise<GPUComputePipeline> {
    const { device } = this;
    // What the compiler of the driver says is read below; it is not to end up in the console.
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label: name, code });
    void device.popErrorScope();
    const buffer = (binding: number, type: GPUBufferBindingType): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: COMPUTE,
      buffer: { type },
    });
    const layout = device.createBindGroupLayout({
      label: name,
      entries: [
        buffer(0, "uniform"),
        ...access.map((each, i) => buffer(i + 1, each === "read" ? "read-only-storage" : "storage")),
      ],
    });
    try {
      return await device.createComputePipelineAsync({
        label: name,
        layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint },
      });
    } catch (problem) {
      this.check();
      const told = (await module.getCompilationInfo()).messages.map(
        ({ lineNum, message }) => `line ${lineNum}: ${message}`,
      );
      const why = told.length > 0 ? told.join("; ") : problem instanceof Error ? problem.message : String(problem);
      throw new UserError(`the device \`webgpu\` refuses the kernel \`${name}\``, {
        why: why.split("\n").slice(0, 4).join(" "),
        help:
          "if a limit is too small, reduce the sizes of the model; otherwise report it, " +
          "with what `sstc compile --target webgpu --emit wgsl` prints",
      });
    }
  }

  /** Ends all work; a device that was given stays its owner's. */
  destroy(): void {
    this.closing = true;
    this.device.removeEventListener("uncapturederror", this.onError);
    this.pipelines.clear();
    if (this.entry !== undefined) this.device.destroy();
    this.entry = undefined;
  }
}

function problemOf(error: GPUError, what: string): UserError {
  const memory = error.constructor.name === "GPUOutOfMemoryError";
  return new UserError(memory ? "the device `webgpu` is out of memory" : what, {
    why: error.message.split("\n", 1)[0]!,
    help: memory
      ? "reduce the batch or the sizes of the model, or close what else uses the GPU"
      : "report it: the compiler has made a command that WebGPU does not take",
  });
}

/** Throws a UserError where there is no WebGPU, or no adapter. */
export async function openGpu(options: GpuOptions = {}): Promise<Gpu> {
  const { shared } = options;
  if (options.device !== undefined) {
    const { device } = options;
    return new Gpu(device, describe(device.adapterInfo), undefined, shared ?? !isProcessor(device.adapterInfo));
  }
  const gpu = await entryOf(options);
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    throw new UserError("the device `webgpu` found no adapter", {
      why: "the system has no GPU driver that WebGPU can use (in Node: Vulkan, Metal or Direct3D 12)",
      help: "install a driver, such as a Vulkan loader with Mesa or SwiftShader (VK_DRIVER_FILES), or use the device `wasm`",
    });
  }
  const requiredLimits = Object.fromEntries(RAISED.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  return new Gpu(device, describe(adapter.info), gpu, shared ?? !isProcessor(adapter.info));
}

function describe({ vendor, architecture, description }: GPUAdapterInfo): string {
  return description || [vendor, architecture].filter((part) => part !== "").join(" ") || "a GPU";
}

async function entryOf({ dawn }: GpuOptions): Promise<GPU> {
  const own = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  if (own !== undefined && dawn === undefined) return own;
  if (!isNode()) {
    throw new UserError("this browser has no WebGPU", {
      why: "`navigator.gpu` is missing: the browser is too old, or the page was not loaded over https or from localhost",
      help: "use a current Chrome, Edge, Firefox or Safari, or the device `wasm`",
    });
  }
  try {
    // The name is a variable so that bundlers and the type checker do not look for a package that may be absent.
    const name = "webgpu";
    const { create } = (await import(/* @vite-ignore */ name)) as { create(options: string[]): GPU };
    return create([...(dawn ?? [])]);
  } catch (problem) {
    throw new UserError("the device `webgpu` needs the package webgpu, which could not be loaded", {
      why: problem instanceof Error ? problem.message.split("\n", 1)[0]! : String(problem),
      help: "install it with `npm install webgpu`, or use the device `wasm`",
    });
  }
}

/** Pages and their workers are neither Node nor what passes for it. */
function isNode(): boolean {
  const { process } = globalThis as { process?: { readonly versions?: { readonly node?: string } } };
  return process?.versions?.node !== undefined;
}

function isProcessor({ isFallbackAdapter, architecture, description }: GPUAdapterInfo): boolean {
  return isFallbackAdapter || /swiftshader|llvmpipe|cpu/i.test(`${architecture} ${description}`);
}
