/** The text form of a tensor program: one line a node, in order; read.ts reads it back. */
import { attributesKey } from "./attributes.ts";
import { nodesInOrder } from "./order.ts";
import { formatType, type TensorProgram } from "./tensor.ts";

/**
 * ```
 * program "train"
 * %0 = parameter {"name":"W","shape":[2,3]} : f32[2, 3]
 * %1 = exp(%0) : f32[2, 3] "scale"
 * output "loss" = %1
 * ```
 */
export function printTensorProgram(program: TensorProgram): string {
  const order = nodesInOrder(program.outputs.values());
  const numbers = new Map(order.map((node, i) => [node, `%${i}`]));
  const lines = [`program ${JSON.stringify(program.name)}`];
  for (const node of order) {
    const inputs = node.inputs.length === 0 ? "" : `(${node.inputs.map((input) => numbers.get(input)).join(", ")})`;
    const attributes = Object.keys(node.attributes).length === 0 ? "" : ` ${attributesKey(node.attributes)}`;
    const label = program.labels.get(node);
    const name = label === undefined ? "" : ` ${JSON.stringify(label)}`;
    lines.push(`${numbers.get(node)} = ${node.op}${inputs}${attributes} : ${formatType(node.type)}${name}`);
  }
  for (const [name, node] of program.outputs) lines.push(`output ${JSON.stringify(name)} = ${numbers.get(node)}`);
  return `${lines.join("\n")}\n`;
}
