/**
 * A tensor program as a plan for WebGPU: its values grouped into kernels (compiler/passes/fuse.ts), jobs for each group
 * (jobs.ts), jobs that do not wait for one another in one dispatch (pack.ts), a place in memory for each value from the
 * first dispatch that writes it to the last that reads it (memory.ts), and a WGSL module for each dispatch.
 */
import type { WebGpuFault, WebGpuLocation, WebGpuPlan, WebGpuStep } from "../../artifact-webgpu.ts";
import type { Kernel } from "../../ir/kernel/kernel.ts";
import type { Node, TensorProgram } from "../../ir/tensor/tensor.ts";
import { fuse } from "../../passes/fuse.ts";
import { restate } from "../../passes/restate.ts";
import { ELEMENT_LANES, writeElements } from "./elements.ts";
import { atLeast, elementsOf, NONE, plus } from "./extent.ts";
import type { Job } from "./job.ts";
import { JobMaker } from "./jobs.ts";
import { type Family, type Layout, Memory } from "./memory.ts";
import { pack } from "./pack.ts";
import { Shader } from "./shader.ts";
import type { Tables } from "./tables.ts";

/** What the programs of one artifact share. */
export interface ProgramContext {
  readonly layout: Layout;
  readonly tables: Tables;
  readonly kernels: ReadonlyMap<string, Kernel>;
  readonly hypers: readonly string[];
  /** Where names of the source are declared. */
  readonly places: ReadonlyMap<string, string>;
  /** Takes a module's text; returns its name. */
  module(wanted: string, code: string): string;
}

export function printProgram(program: TensorProgram, context: ProgramContext): WebGpuPlan {
  return new ProgramPrinter(program, context).print();
}

class ProgramPrinter {
  private readonly program: TensorProgram;
  private readonly context: ProgramContext;
  private readonly memory: Memory;
  private readonly maker: JobMaker;
  private readonly stacks: ReturnType<typeof fuse>["stacks"];
  private readonly steps: WebGpuStep[] = [];
  private readonly faults: WebGpuFault[] = [];
  private readonly noise = new Map<string, WebGpuLocation>();
  private scratch = NONE;

  constructor(written: TensorProgram, context: ProgramContext) {
    const program = restate(written);
    this.program = program;
    this.context = context;
    const fusion = fuse(program);
    this.stacks = fusion.stacks;
    this.memory = new Memory(program, context.layout, fusion);
    this.maker = new JobMaker(program, fusion, {
      memory: this.memory,
      kernels: context.kernels,
      places: context.places,
      faults: this.faults,
      needScratch: (words) => {
        this.scratch = atLeast(this.scratch, words);
      },
    });
  }

  print(): WebGpuPlan {
    const { memory } = this;
    const dispatches = pack(this.maker.all(), {
      bufferOf: (node) => this.bufferOf(node),
      writtenWith: (node) => [node, ...(this.stacks.get(node) ?? []).map((part) => part.node)],
    });
    const dying = this.lastReaders(dispatches);
    for (const [i, jobs] of dispatches.entries()) {
      for (const job of jobs) job.take();
      this.dispatch(jobs);
      for (const family of dying[i]!) memory.release(family);
      for (const { readsPartials } of jobs) if (readsPartials !== undefined) this.maker.release(readsPartials);
    }
    const outputs = [...this.program.outputs].map(([name, node]) => [name, this.output(name, node)] as const);
    return {
      entry: this.program.name,
      slots: memory.slots.extents,
      inputs: Object.fromEntries(memory.inputs),
      noise: Object.fromEntries(this.noise),
      outputs: Object.fromEntries(outputs),
      steps: this.steps,
      scratch: this.scratch,
      hypers: this.context.hypers,
      faults: this.faults,
    };
  }

  /** Values that lie in one buffer: those that are given, by their kind, and each family. */
  private bufferOf(node: Node): Node | string {
    const given = this.memory.locate(node)?.buffer;
    return given === undefined || typeof given === "number" ? this.memory.familyOf(node) : given;
  }

  /** For each dispatch the families that no later one reads. */
  private lastReaders(dispatches: readonly (readonly Job[])[]): Family[][] {
    const last = new Map<Family, number>();
    for (const [i, jobs] of dispatches.entries()) {
      for (const { reads, writes } of jobs)
        for (const node of [...reads, ...writes]) last.set(this.memory.familyOf(node), i);
    }
    for (const node of this.program.outputs.values()) last.delete(this.memory.familyOf(node));
    const dying: Family[][] = dispatches.map(() => []);
    for (const [family, i] of last) dying[i]!.push(family);
    return dying;
  }

  private dispatch(jobs: readonly Job[]): void {
    const shader = new Shader(this.context.tables, this.context.hypers);
    const [first] = jobs as [Job];
    for (const job of jobs) shader.part(job, () => job.write(shader));
    const label = jobs.map((job) => job.label).join(", ");
    const { code, bindings } = shader.module(first.lanes);
    if (first.noise !== undefined) this.noise.set(first.noise, this.memory.locate(first.writes[0]!)!);
    const sum = (of: "reads" | "writes") => jobs.reduce((total, { moved }) => plus(total, moved[of]), NONE);
    this.steps.push({
      module: this.context.module(`${this.program.name}_${first.label}`, code),
      bindings,
      work: jobs.map(({ workgroups, atOnce }) => ({ pieces: workgroups, atOnce })),
      label,
      reads: sum("reads"),
      writes: sum("writes"),
      ...(first.noise === undefined ? {} : { noise: first.noise }),
    });
  }

  private output(name: string, node: Node): WebGpuLocation {
    const place = this.memory.locate(node);
    if (place === undefined) throw new Error(`the output ${name} is not in memory`);
    const wanted = this.memory.fixedPlace(name) ?? { buffer: place.buffer, offset: place.offset };
    if (wanted.buffer !== place.buffer || wanted.offset.fixed !== place.offset.fixed) this.copy(name, node, wanted);
    return wanted;
  }

  /** A value that is the gradient of several parameters, or a state that stays. */
  private copy(name: string, node: Node, place: WebGpuLocation): void {
    const elements = elementsOf(node.type);
    this.dispatch([
      {
        label: name,
        comment: [name],
        lanes: ELEMENT_LANES,
        workgroups: [{ extent: elements, per: ELEMENT_LANES }],
        atOnce: 1,
        reads: new Set([node]),
        writes: [],
        moved: { reads: elements, writes: elements },
        alone: true,
        take: () => {},
        write: (shader) => writeElements(shader, node, this.memory, { ...place, name, type: node.type }, false),
      },
    ]);
  }
}
