/** Walks the text of a generated program as a syntax tree: what it may hold is listed here, whatever else is a hole. */
import { parseAst } from "vitest/node";

interface SyntaxNode {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** Names that a program uses without declaring them. */
const GLOBALS = new Set(["Int32Array", "Float64Array", "Math", "Infinity", "undefined"]);
/** What may be made with new. */
const CLASSES = new Set(["Int32Array", "Float64Array"]);
/** Forms of syntax that printed programs have; there is no call of anything but functions below. */
const FORMS = new Set([
  ...["Program", "ExpressionStatement", "ArrowFunctionExpression", "FunctionBody", "BlockStatement", "ReturnStatement"],
  ...["VariableDeclaration", "VariableDeclarator", "ArrayPattern", "ArrayExpression", "ObjectExpression", "Property"],
  ...["Identifier", "Literal", "MemberExpression", "CallExpression", "NewExpression", "ParenthesizedExpression"],
  ...["BinaryExpression", "LogicalExpression", "UnaryExpression", "ConditionalExpression", "AssignmentExpression"],
  ...["UpdateExpression", "ForStatement", "ForOfStatement", "WhileStatement", "IfStatement", "BreakStatement"],
  ...["ContinueStatement"],
]);
/** Members of program objects by name; all others are reached by a text in brackets. */
const MEMBERS = new Set(["length", "dispose", "fill", "set"]);
/** Records whose keys are names of the source. */
const RECORDS = new Set(["inputs", "parameters", "states", "hypers", "noise", "kernels", "loops"]);

/** What is in a program that should not be; empty for a sound one. `functions` are those of tfjs and Math. */
export function findHoles(program: string, functions: ReadonlySet<string>): string[] {
  const tree = parseAst(`(${program}\n);`) as unknown as SyntaxNode;
  const walker = new Walker(functions);
  walker.declare(tree);
  walker.walk(tree);
  const body = tree.body as readonly SyntaxNode[];
  if (body.length !== 1 || body[0]?.type !== "ExpressionStatement") walker.holes.push("it is not one expression");
  return walker.holes;
}

class Walker {
  readonly holes: string[] = [];
  private readonly declared = new Set<string>();
  private readonly functions: ReadonlySet<string>;

  constructor(functions: ReadonlySet<string>) {
    this.functions = functions;
  }

  /** Collects the names that a tree declares: variables and parameters. */
  declare(node: SyntaxNode): void {
    if (node.type === "VariableDeclarator") this.bind(node.id as SyntaxNode);
    if (node.type === "ArrowFunctionExpression") for (const each of node.params as SyntaxNode[]) this.bind(each);
    for (const child of childrenOf(node)) this.declare(child);
  }

  private bind(pattern: SyntaxNode): void {
    if (pattern.type === "Identifier") this.declared.add(pattern.name as string);
    else if (pattern.type === "ArrayPattern") for (const each of pattern.elements as SyntaxNode[]) this.bind(each);
    else this.holes.push(`a pattern of the form ${pattern.type}`);
  }

  walk(node: SyntaxNode): void {
    if (!FORMS.has(node.type)) this.holes.push(`the form ${node.type}`);
    switch (node.type) {
      case "Identifier": {
        const name = node.name as string;
        if (!this.declared.has(name) && !GLOBALS.has(name)) this.holes.push(`the global ${name}`);
        return;
      }
      case "MemberExpression":
        return this.member(node);
      case "Property":
        return this.property(node);
      case "NewExpression": {
        const name = (node.callee as SyntaxNode).name as string;
        if (!CLASSES.has(name)) this.holes.push(`new ${name}`);
        break;
      }
      case "Literal":
        if (node.regex !== undefined && node.regex !== null) this.holes.push("a regular expression");
        return;
      default:
        break;
    }
    for (const child of childrenOf(node)) this.walk(child);
  }

  private member(node: SyntaxNode): void {
    const object = node.object as SyntaxNode;
    const property = node.property as SyntaxNode;
    this.walk(object);
    if (node.computed !== true) {
      const name = property.name as string;
      const known = object.name === "tf" || object.name === "Math" ? this.functions : MEMBERS;
      if (!known.has(name)) this.holes.push(`the member ${String(object.name)}.${name}`);
      return;
    }
    const isText = property.type === "Literal" && typeof property.value === "string";
    if (isText && !RECORDS.has(object.name as string))
      this.holes.push(`${String(object.name)}[${String(property.value)}]`);
    this.walk(property);
  }

  private property(node: SyntaxNode): void {
    const key = node.key as SyntaxNode;
    if (node.computed !== true && key.value === "__proto__") this.holes.push("a key that sets the prototype");
    if (key.type !== "Literal" && !(key.type === "Identifier" && ENTRY_KEYS.has(key.name as string))) {
      this.holes.push(`the key ${String(key.name)}`);
    }
    this.walk(node.value as SyntaxNode);
  }
}

const ENTRY_KEYS = new Set(["train", "evaluate", "sample", "sample_soft", "kernels", "dispose"]);

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  return Object.values(node)
    .flat()
    .filter((value): value is SyntaxNode => typeof value === "object" && value !== null && "type" in value);
}
