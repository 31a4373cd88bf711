/** The statements of a kernel by themselves: what they are made of, and what they require. */
import type { RequireStatement, KernelStatement as Statement } from "../../grammar/ast.ts";
import { printExpression } from "../../grammar/format.ts";
import type { Part } from "../../grammar/walk.ts";
import { Failure } from "../failure.ts";
import { type Environment, evaluateStatic } from "../static-evaluate.ts";

/** The expressions of a statement itself, not of statements inside of it. */
export function expressionsOf(s: Statement): readonly Part[] {
  switch (s.kind) {
    case "kernel-let":
    case "kernel-var":
      return [s.value];
    case "kernel-shared":
      return [...s.type.dimensions, ...(s.fill === undefined ? [] : [s.fill])];
    case "kernel-assign":
      return [s.target, s.value];
    case "kernel-for":
      return s.sources;
    case "kernel-if":
    case "kernel-while":
    case "require":
      return [s.condition];
    case "kernel-break":
      return [];
  }
}

/** A requirement on compile-time arguments. */
export function checkRequirement(s: RequireStatement, constants: Environment): void {
  const value = evaluateStatic(s.condition, constants);
  if (value.kind === "boolean" && value.value) return;
  const condition = printExpression(s.condition);
  throw new Failure(s.span, "requirement", s.message?.value ?? `this kernel requires ${condition}`, {
    why: `the kernel requires ${condition}`,
  });
}
