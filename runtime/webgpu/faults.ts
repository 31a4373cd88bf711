/** What kernels report from the device, told in the same words as on the host. */
import type { WebGpuFault } from "../../compiler/artifact-webgpu.ts";
import { failing, refusing } from "../kernel-fault.ts";
import { notFinite, placeOf } from "../not-finite.ts";
import { UserError } from "../user-error.ts";

/** `row` is the problem, `value` what the kernel reports: a place or a number. */
export function faultError(fault: WebGpuFault, row: number, value: number, temperature: number | undefined): UserError {
  const { subject, perExample } = fault;
  // Problems are told by their examples: as many as there may be.
  const problems = perExample === undefined ? 1 : (row + 1) * perExample;
  const examples = perExample === undefined ? undefined : row + 1;
  switch (fault.kind) {
    case "received":
    case "gradient":
    case "made": {
      const element = row * fault.size + value;
      const place = placeOf(element, perExample === undefined ? undefined : perExample * fault.size);
      return notFinite(fault.kind, subject, fault.value, place, temperature);
    }
    case "failure": {
      const [before, after] = fault.words;
      const words = after === undefined ? [before] : [before, value | 0, after];
      return thrownBy(() => failing(problems, examples)(row, ...words));
    }
    case "requirement": {
      const size = fault.sized ? [value] : [];
      return thrownBy(() => refusing(subject, problems, examples, temperature)(row, fault.requirement, ...size));
    }
  }
}

function thrownBy(act: () => never): UserError {
  try {
    return act();
  } catch (problem) {
    if (problem instanceof UserError) return problem;
    throw problem;
  }
}
