/** Checks a tensor program after a pass: every type follows from the ops, and the stage's promises hold. */
import { ops } from "../../ops/registry.generated.ts";
import { attributesKey } from "./attributes.ts";
import { nodesInOrder } from "./order.ts";
import { formatType, MOST_AXES, type Node, type TensorProgram } from "./tensor.ts";

/** `built`: as elaborated, every latent with its algorithms. `final`: differentiated and simplified, ready to print. */
export type Stage = "built" | "final";

/** Ops that must be gone at a stage, and why. */
const gone: Readonly<Record<Stage, ReadonlyMap<string, string>>> = {
  built: new Map(),
  final: new Map([["stop_gradient", "it has no meaning after differentiation"]]),
};

/** The problems of a program; none when it is right. */
export function verify(program: TensorProgram, stage: Stage): string[] {
  const problems: string[] = [];
  const seen = new Map<string, Node>();
  const names = new Map<string, Node>();
  for (const node of nodesInOrder(program.outputs.values())) {
    const problem = nodeProblem(node, stage);
    if (problem !== undefined) problems.push(`${node.op} ${node.id}: ${problem}`);
    const key = `${node.op}(${node.inputs.map((input) => input.id).join()})${attributesKey(node.attributes)}`;
    const twin = seen.get(key);
    if (twin !== undefined) problems.push(`${node.op} ${node.id}: the same as ${twin.id}, but another node`);
    seen.set(key, node);
    if (node.inputs.length === 0 && typeof node.attributes.name === "string") {
      const leaf = `${node.op} ${node.attributes.name}`;
      if (names.has(leaf)) problems.push(`${leaf}: two leaves of one name differ`);
      names.set(leaf, node);
    }
  }
  for (const [name, node] of program.outputs) {
    const gradient = /^(gradient|state):/.test(name);
    if (gradient && node.type.batched) problems.push(`output ${name}: ${formatType(node.type)} must not be batched`);
  }
  return problems;
}

function nodeProblem(node: Node, stage: Stage): string | undefined {
  const op = ops.get(node.op);
  if (op === undefined) return "there is no such operation";
  if ("expand" in op) return "a derived operation must be expanded";
  const reason = gone[stage].get(node.op);
  if (reason !== undefined) return reason;
  if (node.type.shape.length > MOST_AXES) return `${formatType(node.type)} has more axes than devices compute with`;
  if (node.inputs.some((input) => input.id >= node.id)) return "an input is younger than its user";
  try {
    const wanted = formatType(
      op.type(
        node.inputs.map((input) => input.type),
        node.attributes,
      ),
    );
    return wanted === formatType(node.type) ? undefined : `its type is ${formatType(node.type)}, but ${wanted} follows`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
