/**
 * Runs the plans of an artifact on a WebGPU device: buffers that live as long as the model, an arena for the slots of
 * calls, and one submission for each call.
 */
import type { WebGpuArtifact } from "../../compiler/artifact.ts";
import type {
  Extent,
  WebGpuBuffer,
  WebGpuLocation,
  WebGpuPlan,
  WebGpuStep,
  WebGpuWork,
} from "../../compiler/artifact-webgpu.ts";
import { UserError } from "../user-error.ts";
import { type Gpu, READ, USAGE } from "./gpu.ts";
import { requireRoom, slotTooLarge } from "./room.ts";

export function at({ fixed, perExample }: Extent, batch: number): number {
  return fixed + perExample * batch;
}

/** What a dispatch binds. */
interface Range {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly size: number;
}

/** Words before the hypers in the uniform `Call`. */
const CALL_HEAD = 4;
const FAULT_WORDS = 4;

/** Numbers of one call. */
export interface CallNumbers {
  readonly batch: number;
  readonly seed: number;
  readonly streams: number;
  readonly draw: number;
  /** Hypers in the plan's order, then what the update needs. */
  readonly reals: readonly number[];
}

/** Words somewhere, to be read back. */
export interface Wanted {
  readonly at: WebGpuLocation;
  readonly words: number;
}

export interface ExecutorCall {
  readonly inputs: readonly { readonly offset: number; readonly words: Float32Array | Int32Array | Uint32Array }[];
  /** Inputs that are on the device already: so many words from the beginning of a buffer. */
  readonly buffers?: readonly { readonly offset: number; readonly words: number; readonly buffer: GPUBuffer }[];
  readonly inputWords: number;
  readonly draws?: readonly { readonly at: WebGpuLocation; readonly words: Float32Array }[];
  readonly skipped?: (step: WebGpuStep) => boolean;
  readonly wanted: readonly Wanted[];
  /** Results that stay on the device, copied to buffers of the caller's. */
  readonly results?: readonly (Wanted & { readonly buffer: GPUBuffer })[];
}

/** What was done, to be held against the plan. */
export interface Tally {
  dispatches: number;
  submissions: number;
  bytes: number;
}

export class Executor {
  readonly gpu: Gpu;
  readonly tally: Tally = { dispatches: 0, submissions: 0, bytes: 0 };
  private readonly artifact: Pick<WebGpuArtifact, "modules" | "tables">;
  private readonly lasting = new Map<WebGpuBuffer, GPUBuffer>();
  private readonly pipelines = new Map<string, GPUComputePipeline>();
  private readonly groups = new Map<string, GPUBindGroup[]>();
  private readonly staging: GPUBuffer[] = [];
  private arena: GPUBuffer[] = [];
  private readonly uniform: GPUBuffer;

  /** `words`: of the buffers that live as long as the model. */
  constructor(
    gpu: Gpu,
    artifact: Pick<WebGpuArtifact, "modules" | "tables">,
    words: { readonly [buffer in WebGpuBuffer & string]?: number },
  ) {
    this.gpu = gpu;
    this.artifact = artifact;
    for (const [name, count] of Object.entries({ ...words, tables: artifact.tables.length, faults: FAULT_WORDS })) {
      requireRoom(gpu.device.limits, name, count);
      this.lasting.set(name as WebGpuBuffer, this.storage(name, count));
    }
    this.write("tables", Uint32Array.from(artifact.tables));
    this.uniform = gpu.device.createBuffer({ label: "call", size: 4096, usage: USAGE.uniform | USAGE.copyDestination });
  }

  private storage(label: string, words: number): GPUBuffer {
    const usage = USAGE.storage | USAGE.copySource | USAGE.copyDestination;
    return this.gpu.device.createBuffer({ label, size: Math.max(16, words * 4), usage });
  }

  /** Compiles the pipelines of a plan, all at once; they are compiled when it is first run. */
  async prepare(plan: WebGpuPlan): Promise<void> {
    const wanted = stepsOf(plan).flatMap((step) => this.dispatchesOf(step).map(({ entry }) => ({ ...step, entry })));
    const missing = wanted.filter(({ module, entry }) => !this.pipelines.has(`${module} ${entry}`));
    const made = await Promise.all(
      missing.map(({ module, bindings, entry }) =>
        this.gpu.pipeline(
          module,
          this.artifact.modules[module]!,
          bindings.map(({ access }) => access),
          entry,
        ),
      ),
    );
    for (const [i, { module, entry }] of missing.entries()) this.pipelines.set(`${module} ${entry}`, made[i]!);
  }

  /** The entry points that carry out a step, each with its work. */
  private dispatchesOf({ work }: WebGpuStep): { readonly entry: string; readonly work: readonly WebGpuWork[] }[] {
    if (work.length === 1 || this.gpu.shared) return [{ entry: "main", work }];
    return work.map((each, i) => ({ entry: `part_${i + 1}`, work: [each] }));
  }

  /** Writes into a buffer that lasts, `offset` words from its beginning. */
  write(buffer: WebGpuBuffer & string, words: Float32Array | Int32Array | Uint32Array, offset = 0): void {
    if (words.length === 0) return;
    this.gpu.device.queue.writeBuffer(this.lasting.get(buffer)!, offset * 4, words as Float32Array<ArrayBuffer>);
  }

  /** Puts other words into a copy of a buffer, which takes its place until what is returned is called. */
  replace(
    buffer: WebGpuBuffer & string,
    parts: readonly { readonly offset: number; readonly words: Float32Array }[],
  ): () => void {
    if (parts.length === 0) return () => {};
    const own = this.lasting.get(buffer)!;
    const copy = this.storage(`${buffer} for one call`, own.size / 4);
    const encoder = this.gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(own, 0, copy, 0, own.size);
    this.gpu.device.queue.submit([encoder.finish()]);
    this.lasting.set(buffer, copy);
    this.groups.clear();
    for (const { offset, words } of parts) this.write(buffer, words, offset);
    return () => {
      this.lasting.set(buffer, own);
      this.groups.clear();
      copy.destroy();
    };
  }

  /** Makes sure that the arena holds the plan's slots for a batch, and the buffer of inputs what is handed over. */
  private allocate(plan: WebGpuPlan, batch: number, inputWords: number): void {
    const { limits } = this.gpu.device;
    const scratch = at(plan.scratch, batch);
    for (const [name, words] of [["inputs", inputWords] as const, ["scratch", scratch] as const]) {
      const known = this.lasting.get(name);
      if (known !== undefined && known.size >= words * 4) continue;
      requireRoom(limits, name, words, batch);
      known?.destroy();
      const made = this.gpu.watched(
        `no memory for ${name}`,
        () => this.storage(name, words),
        (buffer) => {
          if (this.lasting.get(name) === buffer) this.lasting.delete(name);
          buffer.destroy();
        },
      );
      this.lasting.set(name, made);
      this.groups.clear();
    }
    const bytes = plan.slots.map((slot) => Math.max(256, Math.ceil((at(slot, batch) * 4) / 256) * 256));
    for (const [i, size] of bytes.entries()) {
      if (size > limits.maxStorageBufferBindingSize) {
        throw slotTooLarge(plan, i, batch, limits);
      }
    }
    const buffers: number[] = [];
    for (const size of bytes) {
      const last = buffers.length - 1;
      if (last >= 0 && buffers[last]! + size <= limits.maxBufferSize) buffers[last]! += size;
      else buffers.push(size);
    }
    if (buffers.every((size, i) => (this.arena[i]?.size ?? 0) >= size)) return;
    for (const buffer of this.arena) buffer.destroy();
    this.groups.clear();
    this.arena = this.gpu.watched(
      `no memory for a batch of ${batch}`,
      () => buffers.map((size, i) => this.storage(`arena ${i}`, size / 4)),
      (arena) => {
        if (this.arena === arena) this.arena = [];
        for (const buffer of arena) buffer.destroy();
      },
    );
  }

  /** Where the slots of a plan lie in the arena for a batch. */
  private ranges(plan: WebGpuPlan, batch: number): Range[] {
    const { maxBufferSize } = this.gpu.device.limits;
    let number = 0;
    let offset = 0;
    return plan.slots.map((slot) => {
      const size = Math.max(256, Math.ceil((at(slot, batch) * 4) / 256) * 256);
      if (offset > 0 && offset + size > maxBufferSize) {
        number++;
        offset = 0;
      }
      const range = { buffer: this.arena[number]!, offset, size };
      offset += size;
      return range;
    });
  }

  private rangeOf(buffer: WebGpuBuffer, slots: readonly Range[]): Range {
    if (typeof buffer === "number") return slots[buffer]!;
    const lasting = this.lasting.get(buffer)!;
    return { buffer: lasting, offset: 0, size: lasting.size };
  }

  /**
   * Runs steps of a plan in one submission, and reads back the words at the given places once it is done. Before `run`
   * returns, everything is handed to the device, so that calls may follow one another without waiting.
   */
  async run(plan: WebGpuPlan, numbers: CallNumbers, call: ExecutorCall): Promise<Uint32Array[]> {
    await this.prepare(plan);
    return this.submit(plan, numbers, call)();
  }

  /** The same for a plan that is prepared: at once, but for reading back what is wanted. */
  submit(plan: WebGpuPlan, numbers: CallNumbers, call: ExecutorCall): () => Promise<Uint32Array[]> {
    const { device } = this.gpu;
    const { batch } = numbers;
    this.gpu.check();
    this.allocate(plan, batch, call.inputWords);
    const slots = this.ranges(plan, batch);
    device.queue.writeBuffer(this.uniform, 0, callWords(numbers));
    for (const { offset, words } of call.inputs) this.write("inputs", words, offset);
    for (const { at: place, words } of call.draws ?? []) {
      const { buffer, offset } = this.rangeOf(place.buffer, slots);
      device.queue.writeBuffer(buffer, offset + at(place.offset, batch) * 4, words as Float32Array<ArrayBuffer>);
    }
    const encoder = device.createCommandEncoder({ label: plan.entry });
    for (const { buffer, offset, words } of call.buffers ?? []) {
      encoder.copyBufferToBuffer(buffer, 0, this.lasting.get("inputs")!, offset * 4, words * 4);
    }
    encoder.clearBuffer(this.lasting.get("faults")!);
    const pass = encoder.beginComputePass({ label: plan.entry });
    const groups = this.bindGroups(plan, batch, slots);
    for (const [i, step] of stepsOf(plan).entries()) {
      if (call.skipped?.(step)) continue;
      pass.setBindGroup(0, groups[i]!);
      for (const { entry, work } of this.dispatchesOf(step)) {
        pass.setPipeline(this.pipelines.get(`${step.module} ${entry}`)!);
        const [x, y] = gridOf(work, batch, device.limits.maxComputeWorkgroupsPerDimension);
        pass.dispatchWorkgroups(x, y);
        this.tally.dispatches++;
      }
      this.tally.bytes += (at(step.reads, batch) + at(step.writes, batch)) * 4;
    }
    pass.end();
    const read = this.stage(encoder, call.wanted, batch, slots);
    for (const { at: place, words, buffer } of call.results ?? []) {
      const from = this.rangeOf(place.buffer, slots);
      encoder.copyBufferToBuffer(from.buffer, from.offset + at(place.offset, batch) * 4, buffer, 0, words * 4);
    }
    device.queue.submit([encoder.finish()]);
    this.tally.submissions++;
    return read;
  }

  private bindGroups(plan: WebGpuPlan, batch: number, slots: readonly Range[]): GPUBindGroup[] {
    const key = `${plan.entry} ${stepsOf(plan).length} ${batch}`;
    const known = this.groups.get(key);
    if (known !== undefined) return known;
    const { device } = this.gpu;
    const made = stepsOf(plan).map((step) => {
      const { module, bindings } = step;
      return device.createBindGroup({
        label: module,
        layout: this.pipelines.get(`${module} ${this.dispatchesOf(step)[0]!.entry}`)!.getBindGroupLayout(0),
        entries: [
          { binding: 0, resource: { buffer: this.uniform } },
          ...bindings.map(({ buffer }, i) => ({ binding: i + 1, resource: this.rangeOf(buffer, slots) })),
        ],
      });
    });
    this.groups.set(key, made);
    return made;
  }

  /** Copies what is wanted to where the host can read it; returns how to read it. */
  private stage(
    encoder: GPUCommandEncoder,
    wanted: readonly { readonly at: WebGpuLocation; readonly words: number }[],
    batch: number,
    slots: readonly Range[],
  ): () => Promise<Uint32Array[]> {
    const total = wanted.reduce((sum, { words }) => sum + words, 0);
    const found = this.staging.findIndex((each) => each.size >= total * 4);
    const buffer =
      found >= 0
        ? this.staging.splice(found, 1)[0]!
        : this.gpu.device.createBuffer({
            label: "staging",
            size: Math.max(256, total * 4),
            usage: USAGE.mapRead | USAGE.copyDestination,
          });
    let offset = 0;
    for (const { at: place, words } of wanted) {
      const from = this.rangeOf(place.buffer, slots);
      if (words > 0)
        encoder.copyBufferToBuffer(from.buffer, from.offset + at(place.offset, batch) * 4, buffer, offset, words * 4);
      offset += words * 4;
    }
    return async () => {
      if (total > 0) await this.mapped(buffer);
      await this.gpu.settled();
      const all = total > 0 ? new Uint32Array(buffer.getMappedRange()).slice(0, total) : new Uint32Array(0);
      if (total > 0) buffer.unmap();
      this.staging.push(buffer);
      let begin = 0;
      return wanted.map(({ words }) => {
        begin += words;
        return all.subarray(begin - words, begin);
      });
    };
  }

  private async mapped(buffer: GPUBuffer): Promise<void> {
    try {
      await buffer.mapAsync(READ);
    } catch (problem) {
      // The reason is told by the device, a moment later.
      await Promise.resolve();
      this.gpu.check();
      throw new UserError("the device `webgpu` did not give its results back", {
        why: problem instanceof Error ? problem.message : String(problem),
        help: "open the model again",
      });
    }
  }

  /** Words of a buffer that lasts. */
  async read(buffer: WebGpuBuffer & string, words: number): Promise<Uint32Array> {
    if (words === 0) return new Uint32Array(0);
    this.gpu.check();
    const encoder = this.gpu.device.createCommandEncoder({ label: `read ${buffer}` });
    const read = this.stage(encoder, [{ at: { buffer, offset: { fixed: 0, perExample: 0 } }, words }], 0, []);
    this.gpu.device.queue.submit([encoder.finish()]);
    return (await read())[0]!;
  }

  destroy(): void {
    for (const buffer of [...this.lasting.values(), ...this.arena, ...this.staging, this.uniform]) buffer.destroy();
  }
}

export function stepsOf(plan: WebGpuPlan): readonly WebGpuStep[] {
  return plan.update === undefined ? plan.steps : [...plan.steps, ...plan.update.steps];
}

/** Workgroups as a line, or as a plane where one dimension does not hold them. */
function gridOf(work: readonly WebGpuWork[], batch: number, most: number): readonly [number, number] {
  const count = work.reduce((total, { pieces, atOnce }) => {
    const all = pieces.reduce((product, { extent, per }) => product * Math.ceil(at(extent, batch) / per), 1);
    return total + Math.ceil(all / atOnce);
  }, 0);
  if (count <= most) return [count, 1];
  const rows = Math.ceil(count / most);
  return [Math.ceil(count / rows), rows];
}

function callWords({ batch, seed, streams, draw, reals }: CallNumbers): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(CALL_HEAD + reals.length);
  words.set([batch, seed, streams, draw]);
  new Float32Array(words.buffer).set(reals, CALL_HEAD);
  return words;
}
