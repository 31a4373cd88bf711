/** The locals of a kernel's function: scalars by name, which kernel IR declares once, and unnamed ones. */
import type { ScalarType } from "../../ir/kernel/kernel.ts";
import { F64, I32, type ValueType } from "./instructions.ts";

export class Locals {
  readonly types: ValueType[] = [];
  private readonly scalars = new Map<string, number>();

  fresh(type: ValueType): number {
    this.types.push(type);
    return this.types.length - 1;
  }

  declare(name: string, type: ScalarType): number {
    const known = this.scalars.get(name);
    if (known !== undefined) return known;
    const local = this.fresh(valueType(type));
    this.scalars.set(name, local);
    return local;
  }

  named(name: string): number {
    const local = this.scalars.get(name);
    if (local === undefined) throw new Error(`${name} is not declared`);
    return local;
  }
}

/** What holds a scalar: truth values are 0 and 1. */
export function valueType(type: ScalarType): ValueType {
  return type === "f32" ? F64 : I32;
}
