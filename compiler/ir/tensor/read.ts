/** Reads the text form of a tensor program that print.ts writes; every stated type is checked against the ops' own. */
import { parseAttributes } from "./attributes.ts";
import type { Builder } from "./builder.ts";
import { formatType, type Node, type TensorProgram } from "./tensor.ts";

const nodeLine =
  /^%(?<number>\d+) = (?<op>\w+)(?:\((?<inputs>[^)]*)\))?(?: (?<attributes>\{.*\}))? : (?<type>\w+\[[^\]]*\])(?: (?<label>".*"))?$/;
const outputLine = /^output (?<name>".*") = %(?<number>\d+)$/;
const headLine = /^program (?<name>".*")$/;

/** The program of a text, made with the given builder; throws a `SyntaxError` that names the line. */
export function readTensorProgram(text: string, build: Builder): TensorProgram {
  const nodes = new Map<string, Node>();
  const outputs = new Map<string, Node>();
  const labels = new Map<Node, string>();
  let program: string | undefined;
  const node = (number: string, line: number): Node => {
    const found = nodes.get(number);
    if (found === undefined) throw new SyntaxError(`line ${line}: %${number} is not defined`);
    return found;
  };
  text.split("\n").forEach((content, index) => {
    const line = index + 1;
    if (content.trim() === "") return;
    const head = headLine.exec(content)?.groups;
    const output = outputLine.exec(content)?.groups;
    if (head !== undefined) program = JSON.parse(head.name!) as string;
    else if (output !== undefined) outputs.set(JSON.parse(output.name!) as string, node(output.number!, line));
    else readNode(content, line, nodes, labels, node, build);
  });
  if (program === undefined) throw new SyntaxError("line 1: a tensor program starts with program NAME");
  return { name: program, outputs, labels };
}

function readNode(
  content: string,
  line: number,
  nodes: Map<string, Node>,
  labels: Map<Node, string>,
  find: (number: string, line: number) => Node,
  build: Builder,
): void {
  const parts = nodeLine.exec(content)?.groups;
  if (parts === undefined) throw new SyntaxError(`line ${line}: neither a node nor an output: ${content}`);
  const inputs = (parts.inputs ?? "").split(", ").filter((each) => each !== "");
  const attributes = parts.attributes === undefined ? {} : parseAttributes(parts.attributes);
  const made = build.node(
    parts.op!,
    inputs.map((each) => find(each.slice(1), line)),
    attributes,
  );
  if (formatType(made.type) !== parts.type) {
    throw new SyntaxError(`line ${line}: ${parts.op} has the type ${formatType(made.type)}, not ${parts.type}`);
  }
  nodes.set(parts.number!, made);
  if (parts.label !== undefined) labels.set(made, JSON.parse(parts.label) as string);
}
