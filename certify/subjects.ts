/**
 * The latent variables of a file that have an estimator, each with what decides its gradients: those of its models with
 * their default arguments and with those of the experiments, every combination once.
 */
import { catalogue, type StructureEntry } from "../compiler/catalogue.ts";
import { experimentArguments } from "../compiler/check.ts";
import { elaborateEntries } from "../compiler/compile.ts";
import type { Context, DeclaredLatent } from "../compiler/elaborate/context.ts";
import type { DistributionValue } from "../compiler/elaborate/values.ts";
import { evaluate } from "../compiler/ir/tensor/interpret.ts";
import type { Node } from "../compiler/ir/tensor/tensor.ts";
import { modelArguments } from "../compiler/model-request.ts";
import type { Names } from "../compiler/names.ts";
import type { ExperimentDeclaration, ModelDeclaration } from "../grammar/ast.ts";
import type { Arguments } from "./shrink.ts";
import type { Surroundings } from "./specimen.ts";
import { relaxationText } from "./static-text.ts";

/** What utilities are drawn from: those of the part of that name, or all. */
export interface PartLaw {
  readonly part: string | undefined;
  readonly distribution: DistributionValue;
}

export interface Subject {
  /** `NRI.z`, or the name of a structure. */
  readonly name: string;
  /** As the model has it: `SpanningTree(complete(10))`. */
  readonly label: string;
  /** The structure's name and arguments. */
  readonly structure: string;
  readonly arguments: Arguments;
  /** `ExpFamily(clip = 15)`; a structure of the file may have none. */
  readonly relaxation: string | undefined;
  /** Whether the relaxation is used as it is declared, without options of the structure. */
  readonly isPlain: boolean;
  readonly temperature: number;
  /** The laws of the utilities, one for all or one for each part; none of a structure on its own. */
  readonly utilities: readonly PartLaw[];
}

/** What was found, and which models could not be looked into. */
export interface Subjects {
  readonly subjects: readonly Subject[];
  readonly unreached: readonly { readonly name: string; readonly reason: string }[];
}

/** The latents of the models of a file that has no errors. */
export function latentSubjects(names: Names, { source }: Surroundings): Subjects {
  const { declarations } = names.load(source);
  const experiments = declarations.filter((each) => each.kind === "experiment");
  const subjects = new Map<string, Subject>();
  const unreached: { name: string; reason: string }[] = [];
  for (const model of declarations) {
    if (model.kind !== "model") continue;
    const open = model.parameters.filter((parameter) => parameter.default === undefined);
    const variants = [...(open.length === 0 ? [{}] : []), ...ofExperiments(model, experiments, names, source)];
    if (variants.length === 0) {
      const list = open.map((parameter) => parameter.name.name).join(", ");
      unreached.push({ name: model.name.name, reason: `nothing gives values for ${list}` });
    }
    for (const given of variants) {
      const values = modelArguments(names, source, model, given, []);
      const { context } = elaborateEntries(names, source, model, values, ["train"]).get("train")!;
      for (const latent of context.latents.values()) {
        if (!latent.isEstimated) continue;
        const subject = subjectOf(model.name.name, latent, context);
        const { name, label, relaxation, temperature, utilities } = subject;
        const laws = utilities.map(({ part, distribution }) => [part, distribution.declaration.name.name]);
        const key = JSON.stringify([name, label, relaxation, temperature, laws]);
        subjects.set(key, subject);
      }
    }
  }
  return { subjects: [...subjects.values()], unreached };
}

/** Structures on their own, at small sizes, with every relaxation that they have; with none, if they have none. */
export function structureSubjects(
  names: Names,
  { source }: Surroundings,
  isMeant: (declared: Pick<StructureEntry, "declaration" | "source">) => boolean,
): Subject[] {
  return catalogue(names, source, isMeant).structures.flatMap(({ sample, combinations }): Subject[] => {
    const { name, label, arguments: given } = sample;
    const alone = { name, label, structure: name, arguments: given, temperature: 1, utilities: [] };
    const supported = combinations.flatMap((each) => (each.kind === "supported" ? [each] : []));
    if (supported.length === 0) return [{ ...alone, relaxation: undefined, isPlain: true }];
    return supported.map(({ relaxation, isPlain }) => ({ ...alone, relaxation, isPlain }));
  });
}

function ofExperiments(
  model: ModelDeclaration,
  experiments: readonly ExperimentDeclaration[],
  names: Names,
  source: Surroundings["source"],
) {
  return experiments.flatMap((experiment) => experimentArguments(experiment, model.name.name, source, names));
}

function subjectOf(model: string, latent: DeclaredLatent, context: Context): Subject {
  const { name, structure, relaxed, utilities } = latent;
  return {
    name: `${model}.${name}`,
    label: structure.label,
    structure: structure.name,
    arguments: structure.arguments,
    relaxation: relaxed && relaxationText(relaxed.relaxation),
    isPlain: relaxed === undefined || relaxed.relaxation.options.size === 0,
    temperature: relaxed === undefined ? 1 : scalarOf(relaxed.temperature, context),
    utilities: utilities.map(({ part, distribution }) => ({ part, distribution })),
  };
}

function scalarOf(node: Node, context: Context): number {
  const hypers = Object.fromEntries([...context.hypers.values()].map((each) => [each.name, each.value]));
  return evaluate([node], { batch: 1, hypers }).get(node)!.data[0]!;
}
