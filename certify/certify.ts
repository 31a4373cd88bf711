/**
 * `check --gradients`: takes each latent of a file at a size at which all members can be listed, with random utilities,
 * and certifies its hard and soft samples, every legal backward, and the bias and variance of its estimators.
 */
import { Names } from "../compiler/names.ts";
import { STRATEGIES } from "../compiler/passes/select-backward.ts";
import type { HostLayer } from "../runtime/host-layer.ts";
import { UserError } from "../runtime/user-error.ts";
import { backwardCertificates } from "./backward.ts";
import { type Certificate, fault } from "./certificate.ts";
import { type EstimatorReport, estimatorReport } from "./estimators.ts";
import { softCertificates, solverCertificates } from "./forward.ts";
import { mapOf } from "./optimality.ts";
import { hostLayer, relaxed, type Specimen, type Surroundings, smallSpecimen } from "./specimen.ts";
import { latentSubjects, type Subject, structureSubjects } from "./subjects.ts";
import { UtilityLaw } from "./utilities.ts";
import { Draws } from "./vectors.ts";

/** The step of a backward by differences that a certificate takes. */
const STEP = "1e-4";
/** Each kind of certificate draws from its own stream, so that none depends on which others there are. */
const PURPOSES = { solver: 1, soft: 2, backward: 3, arguments: 4, estimators: 5 } as const;

/** What was found out about one latent. */
export interface LatentReport {
  readonly name: string;
  readonly structure: string;
  /** None of a structure that has none. */
  readonly relaxation?: string;
  readonly temperature: number;
  /** The size at which it was certified. */
  readonly at: { readonly structure: string; readonly members: number; readonly size: number } | undefined;
  /** Why nothing was certified. */
  readonly outOfReach?: string;
  readonly certificates: readonly Certificate[];
  readonly estimators?: EstimatorReport;
  /** Why no estimators are compared. */
  readonly withoutEstimators?: string;
  /** Backwards that are not legal here, with the reason. */
  readonly refused: readonly { readonly backward: string; readonly reason: string }[];
  readonly passed: boolean;
}

/** Certifies the latents of a file that has no errors, and its own structures with what no latent takes of them. */
export function certify(surroundings: Surroundings, seed: number): LatentReport[] {
  const { source } = surroundings;
  const names = new Names(surroundings.library, surroundings.resolveImport ?? (() => undefined));
  const { subjects, unreached } = latentSubjects(names, surroundings);
  const own = structureSubjects(names, surroundings, (entry) => entry.source.name === source.name);
  const isTaken = (each: Subject) =>
    subjects.some(({ structure, relaxation }) => structure === each.structure && relaxation === each.relaxation);
  return [
    ...[...subjects, ...own.filter((each) => !isTaken(each))].map((subject) =>
      certifySubject(subject, surroundings, names, seed),
    ),
    ...unreached.map(({ name, reason }) => ({
      ...{ name, structure: "", temperature: 1, at: undefined, outOfReach: reason },
      ...{ certificates: [], refused: [], passed: true },
    })),
  ];
}

/** Certifies structures that are declared in the file or the library, with every relaxation that they have. */
export function certifyStructures(surroundings: Surroundings, structure: string, seed: number): LatentReport[] {
  const names = new Names(surroundings.library, surroundings.resolveImport ?? (() => undefined));
  const subjects = structureSubjects(names, surroundings, (entry) => entry.declaration.name.name === structure);
  return subjects.map((subject) => certifySubject(subject, surroundings, names, seed));
}

function certifySubject(subject: Subject, surroundings: Surroundings, names: Names, seed: number): LatentReport {
  const { name, label: structure, relaxation, temperature } = subject;
  const head = { name, structure, ...(relaxation === undefined ? {} : { relaxation }), temperature };
  const nothing = { at: undefined, certificates: [], refused: [] };
  const specimen = guarded("solver", "lists the members", () =>
    smallSpecimen(subject.structure, subject.arguments, surroundings),
  );
  if (typeof specimen === "string") return { ...head, ...nothing, outOfReach: specimen, passed: true };
  if ("says" in specimen) return { ...head, ...nothing, certificates: [specimen], passed: false };
  const { sizes } = specimen;
  const sized = sizes === undefined ? "" : ` with ${sizes.label} = ${sizes.value[0]}`;
  const at = { structure: `${specimen.structure}${sized}`, members: specimen.members.length, size: specimen.size };
  const solver = guarded("solver", "runs", () => solverCertificates(specimen, new Draws(seed, PURPOSES.solver)));
  const found =
    relaxation === undefined
      ? comparison(specimen, subject, undefined, names, seed)
      : relaxationReports(specimen, subject, relaxation, names, seed);
  const certificates = [...listed(solver), ...found.certificates];
  const { refused, estimators, withoutEstimators } = found;
  const passed = [...certificates, ...(estimators?.certificates ?? [])].every((each) => each.passed);
  return {
    ...{ ...head, at, certificates, refused, passed },
    ...(estimators === undefined ? {} : { estimators }),
    ...(withoutEstimators === undefined ? {} : { withoutEstimators }),
  };
}

type Found = Pick<LatentReport, "certificates" | "refused" | "estimators" | "withoutEstimators">;
const NOTHING: Found = { certificates: [], refused: [] };

function relaxationReports(
  specimen: Specimen,
  subject: Subject,
  relaxation: string,
  names: Names,
  seed: number,
): Found {
  const { temperature: t, isPlain } = subject;
  const refused: { backward: string; reason: string }[] = [];
  const legal = new Map<string, HostLayer>();
  for (const strategy of STRATEGIES) {
    const written = strategy === "finite_difference" ? `${strategy}(${STEP})` : strategy;
    const compiled = relaxed(specimen, relaxation, written);
    if (typeof compiled === "string") refused.push({ backward: strategy, reason: compiled });
    else legal.set(written, hostLayer(specimen, compiled));
  }
  const certificates: Certificate[] = [];
  // Forward derivatives do as backwards only where the Jacobian is promised to be symmetric.
  const isConvex = (legal.has("dual") || legal.has(`finite_difference(${STEP})`)) && isPlain;
  const isFamily = relaxation === "ExpFamily";
  const map = isConvex && !isFamily ? mapOf(specimen, relaxation) : undefined;
  const [layer] = legal.values();
  if (layer === undefined) {
    return { certificates: [fault("soft sample", "has a backward", refused[0]!.reason)], refused };
  }
  const soft = guarded("soft sample", "is finite", () =>
    softCertificates(specimen, { layer, t, isFamily, isConvex, isPlain, map }, new Draws(seed, PURPOSES.soft)),
  );
  certificates.push(...listed(soft));
  for (const [strategy, layer] of legal) {
    const found = guarded(`backward ${strategy}`, "is finite", () =>
      backwardCertificates(specimen, { strategy, layer, t, isFamily, isConvex }, new Draws(seed, PURPOSES.backward)),
    );
    certificates.push(...listed(found));
  }
  const compared = comparison(specimen, subject, layer, names, seed);
  return { ...compared, certificates: [...certificates, ...compared.certificates], refused };
}

/** The estimators beside one another: with those of a relaxation, where there is one. */
function comparison(
  specimen: Specimen,
  subject: Subject,
  layer: HostLayer | undefined,
  names: Names,
  seed: number,
): Found {
  const estimators = guarded("estimator", "is finite", () => estimatorsOf(specimen, subject, layer, names, seed));
  if (typeof estimators === "string") return { ...NOTHING, withoutEstimators: estimators };
  if (estimators === undefined) return NOTHING;
  return "says" in estimators ? { ...NOTHING, certificates: [estimators] } : { ...NOTHING, estimators };
}

function estimatorsOf(
  specimen: Specimen,
  { utilities, temperature: t }: Subject,
  layer: HostLayer | undefined,
  names: Names,
  seed: number,
): EstimatorReport | string | undefined {
  if (utilities.length === 0) return undefined;
  if (layer !== undefined && layer.inputSize !== specimen.size)
    return "its relaxation takes an input of its own, not utilities of members";
  const law = new UtilityLaw(names, utilities, specimen, new Draws(seed, PURPOSES.arguments));
  if (!law.random.includes(true)) return "its utilities have no noise";
  if (!law.hasDensity) return "its utilities declare no log_density";
  return estimatorReport(specimen, { relaxed: layer && { layer, t }, law }, new Draws(seed, PURPOSES.estimators));
}

/** A kernel that fails is a certificate that fails. */
function guarded<T>(of: string, says: string, work: () => T): T | Certificate {
  try {
    return work();
  } catch (problem) {
    if (!(problem instanceof UserError)) throw problem;
    return fault(of, says, problem.message);
  }
}

function listed(found: Certificate | readonly Certificate[]): readonly Certificate[] {
  return "says" in found ? [found] : found;
}
