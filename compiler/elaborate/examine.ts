/**
 * Functions and modules on their own, whether anything uses them or not: their bodies are elaborated with arguments
 * that are left open, about which nothing is said.
 */
import type { FunctionDeclaration, ModuleDeclaration, Parameter } from "../../grammar/ast.ts";
import type { Source } from "../diagnostic.ts";
import { Failure } from "../failure.ts";
import { bindParameters, evaluateBody } from "./binding.ts";
import { Aborted, type Context } from "./context.ts";
import { elaborateBody } from "./modules.ts";
import { Scope } from "./scope.ts";
import { tensor } from "./tensors.ts";
import { type BoundArgument, ERROR, type ModuleValue, type Value } from "./values.ts";

/** Reports to the context what is wrong with a function whatever its arguments. */
export function examineFunction(context: Context, declaration: FunctionDeclaration): void {
  const { source } = context;
  const { name, parameters, body, result } = declaration;
  const inner = new Scope(context.fileScope(source));
  guarded(context, () => {
    bindOpen(context, name.name, source, parameters, inner);
    evaluateBody(context, inner, body, result, name.name);
  });
}

/** Reports to the context what is wrong with a module and its methods whatever their arguments. */
export function examineModule(context: Context, declaration: ModuleDeclaration): void {
  const { source } = context;
  const { name } = declaration.name;
  const scope = new Scope(context.fileScope(source));
  const module: ModuleValue = { kind: "module", declaration, source, path: name, scope };
  const whole = guarded(context, () => {
    bindOpen(context, name, source, declaration.parameters, scope);
    return elaborateBody(context, module, scope);
  });
  if (whole !== true) return;
  for (const method of declaration.body) {
    if (method.kind !== "method") continue;
    guarded(context, () => {
      const inner = new Scope(scope);
      const what = `${name}.${method.name.name}`;
      bindOpen(context, what, source, method.parameters, inner);
      evaluateBody(context, inner, method.body, method.result, what);
    });
  }
}

/** Binds parameters to their defaults, and leaves those open that have none. */
function bindOpen(
  context: Context,
  name: string,
  source: Source,
  parameters: readonly Parameter[],
  inner: Scope,
): void {
  const open = parameters.filter((parameter) => parameter.default === undefined);
  const given = open.map((parameter): BoundArgument => {
    const { name: own, span } = parameter.name;
    return { name: own, value: stand(context, parameter), span };
  });
  bindParameters(context, { name, source, parameters }, given, inner, parameters[0]?.span ?? { start: 0, end: 0 });
  // Sizes that the type of a tensor would have told stay open, too.
  for (const { type } of parameters) {
    for (const item of type?.kind === "tensor-type" ? type.dimensions : []) {
      if (item.kind === "name" && inner.lookup(item.name) === undefined) inner.define(item.name, ERROR);
    }
  }
}

/** What stands for an argument: a tensor where its shape is written in numbers. */
function stand(context: Context, { name, type }: Parameter): Value {
  if (type?.kind !== "tensor-type") return ERROR;
  const sizes = type.dimensions.flatMap((item) => (item.kind === "number" && item.value >= 1 ? [item.value] : []));
  if (sizes.length !== type.dimensions.length || !sizes.every(Number.isInteger)) return ERROR;
  const dtype = type.element === "binary" ? "f32" : type.element;
  return tensor(context.builder.input(name.name, { dtype, shape: sizes, batched: true }));
}

/** Runs work up to what is wrong with it, which is reported. */
function guarded<T>(context: Context, work: () => T): T | undefined {
  try {
    return work();
  } catch (problem) {
    if (problem instanceof Failure) context.fail(problem);
    else if (!(problem instanceof Aborted)) throw problem;
    return undefined;
  }
}
