/** A solver that looks whether what it gives can be members: the library's are tested, those of users are not. */
import type { Kernel, KernelExpression, KernelStatement } from "../ir/kernel/kernel.ts";
import { namesOf } from "../ir/kernel/rename.ts";
import type { Structure } from "../structure.ts";

/** The solver, which then looks whether all that it gives is 0 or 1. `what` is the clause: `argmax first`. */
export function checkingMembers(solver: Kernel, structure: Structure, what: string): Kernel {
  const output = solver.outputs[0]!;
  const taken = namesOf(solver);
  let variable = "position";
  while (taken.has(variable)) variable += "_";
  const index: KernelExpression = { kind: "variable", name: variable, type: "i32" };
  const value: KernelExpression = { kind: "load", array: output.name, index, type: "f32" };
  const is = (member: number): KernelExpression => ({
    kind: "binary",
    operator: "equal",
    left: value,
    right: { kind: "constant", value: member, type: "f32" },
    type: "bool",
  });
  const condition: KernelExpression = { kind: "binary", operator: "or", left: is(0), right: is(1), type: "bool" };
  const message = `gave what is no member of ${structure.name}: ${what} must set every element to 0 or 1`;
  const integer = (value: number): KernelExpression => ({ kind: "constant", value, type: "i32" });
  const check: KernelStatement = {
    kind: "for",
    variable,
    from: integer(0),
    to: integer(output.shape.reduce((a, b) => a * b, 1)),
    reversed: false,
    parallel: true,
    body: [{ kind: "check", condition, message }],
  };
  return { ...solver, name: `${solver.name}_of_${structure.name}`, body: [...solver.body, check] };
}
