/** What an experiment varies: the combinations, and what each means for the model and for its data. */
import type { ExperimentSpec, StaticArgument, StaticNumber } from "../compiler/artifact.ts";
import { listNames, UserError } from "./user-error.ts";

export type PlainArgument = number | boolean | string;
export type Arguments = { readonly [name: string]: PlainArgument };
export type Numbers = { readonly [name: string]: number };

/** How a variant is trained, variations filled in. */
export type VariantTraining = Omit<ExperimentSpec["train"], "optimizer"> & {
  readonly optimizer: { readonly name: "adam" | "adamw"; readonly arguments: Numbers };
};

/** One combination of what is varied. */
export interface Variant {
  /** `Edges=SpanningTree,T=10`, or `default` when nothing is varied; safe as a directory's name. */
  readonly name: string;
  readonly values: Arguments;
  /** What the experiment calls it, where it names its variants. */
  readonly label?: string;
}

/** A call of the data module's function, variations filled in. */
export interface DataCall {
  readonly path: string;
  readonly function: string;
  readonly positional: readonly PlainArgument[];
  readonly named: Arguments;
}

/** What a variant trains: of an experiment that names its variants, that of its name. */
export function specOf(spec: ExperimentSpec, { label }: Variant): ExperimentSpec {
  return spec.named?.find((each) => each.label === label)?.spec ?? spec;
}

/** The combinations of `vary`, the last name varying fastest; of each variant that has a name. */
export function variantsOf(spec: ExperimentSpec): Variant[] {
  const all =
    spec.named?.flatMap(({ label, spec: own }) => combinations(own).map((values) => ({ values, label }))) ??
    combinations(spec).map((values) => ({ values }));
  const names = all.map(variantName);
  return all.map((variant, i) => {
    const name = names[i]!;
    // Texts that differ in a character that no directory may have would share a directory.
    const before = names.slice(0, i).filter((each) => each === name).length;
    return { name: before === 0 ? name : `${name}(${before + 1})`, ...variant };
  });
}

function combinations(spec: ExperimentSpec): Arguments[] {
  let variants: Arguments[] = [{}];
  for (const { name, values } of spec.vary) {
    variants = variants.flatMap((variant) => values.map((value) => ({ ...variant, [name]: fill(value, variant) })));
  }
  return variants;
}

function variantName({ values, label }: Omit<Variant, "name">): string {
  const parts = [
    ...(label === undefined ? [] : [label]),
    ...Object.entries(values).map(([name, value]) => `${name}=${value}`),
  ];
  return parts.length === 0 ? "default" : parts.join(",").replace(/[^A-Za-z0-9_=,.()-]/g, "_");
}

/** The variant for a person who knows the experiment: `SpanningTree, T=10`; what all variants share is left out. */
export function variantTitle(spec: ExperimentSpec, { values, label }: Variant): string {
  const told = spec.vary.filter((each) => each.values.length > 1);
  const parts = told.map(({ name }) => {
    const value = values[name];
    return typeof value === "string" ? value : `${name}=${value}`;
  });
  return [...(label === undefined ? [] : [label]), ...parts].join(", ");
}

function fill(argument: StaticArgument, values: Arguments): PlainArgument {
  if (typeof argument !== "object") return argument;
  const value = Object.hasOwn(values, argument.vary) ? values[argument.vary] : undefined;
  if (value === undefined)
    throw new UserError(`the experiment refers to \`${argument.vary}\`, which it does not vary`, {
      help: `it varies ${listNames(Object.keys(values))}`,
    });
  return value;
}

function fillAll(named: { readonly [name: string]: StaticArgument }, values: Arguments): Arguments {
  return Object.fromEntries(Object.entries(named).map(([name, argument]) => [name, fill(argument, values)]));
}

/** The call of the data function for a variant. */
export function dataCall(spec: ExperimentSpec, variant: Variant): DataCall {
  const { data } = specOf(spec, variant);
  const { path, positional, named } = data;
  return {
    path,
    function: data.function,
    positional: positional.map((argument) => fill(argument, variant.values)),
    named: fillAll(named, variant.values),
  };
}

/** Arguments of the model for a variant. */
export function modelArguments(spec: ExperimentSpec, variant: Variant): Arguments {
  return fillAll(specOf(spec, variant).modelArguments, variant.values);
}

/** Hypers of the model for a variant. */
export function variantHypers(spec: ExperimentSpec, variant: Variant): Numbers {
  return fillNumbers(specOf(spec, variant).hypers, variant.values);
}

/** How a variant is trained. */
export function variantTraining(spec: ExperimentSpec, variant: Variant): VariantTraining {
  const { train } = specOf(spec, variant);
  const { name, arguments: given } = train.optimizer;
  return { ...train, optimizer: { name, arguments: fillNumbers(given, variant.values) } };
}

function fillNumbers(named: { readonly [name: string]: StaticNumber }, values: Arguments): Numbers {
  return Object.fromEntries(
    Object.entries(named).map(([name, argument]) => {
      const value = fill(argument, values);
      if (typeof value === "number") return [name, value];
      throw new UserError(`\`${name}\` is a number, but the experiment gives it ${JSON.stringify(value)}`);
    }),
  );
}
