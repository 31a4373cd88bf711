/**
 * Utilities of −1e30 mean never: in every structure, solver, relaxation and backward, what is masked is 0 and has no
 * gradient, and the rest is the structure of the members that avoid it.
 */
import { describe, expect, test } from "vitest";
import { library } from "../../stdlib/library.ts";
import { interpreted } from "../distributions/models.ts";
import { expectClose } from "../golden.ts";
import { failure } from "../runtime/failure.ts";
import { random } from "../tensor/harness.ts";
import { type Example, layerOf } from "./conform.ts";
import { relaxationsOf, structureOf } from "./declared.ts";
import { bestValue, dot, ExactFamily, type Vector } from "./enumeration.ts";
import { EXAMPLES } from "./examples.ts";

const NEVER = -1e30;
/** Far below any sum of the other utilities, and within the range that conformance.test.ts looks at. */
const FAR = -4000;
const exact = { abs: 1e-9, rel: 1e-9 };

interface Masked {
  readonly allowed: readonly boolean[];
  readonly members: readonly Vector[];
  /** Of the masked ones anything. */
  readonly u: Vector;
  readonly cotangent: Vector;
}

/** Masks that allow what some members are made of, the others being masked, with utilities within a range. */
function masks({ members }: Example, range: number): Masked[] {
  const next = random(members.length + range);
  const size = members[0]!.length;
  return [1, 2, 3, 5].flatMap((kept) => {
    const chosen = Array.from({ length: kept }, () => members[Math.floor(next() * members.length)]!);
    const allowed = Array.from({ length: size }, (_, i) => chosen.some((x) => x[i] === 1));
    const left = members.filter((x) => x.every((value, i) => value === 0 || allowed[i]!));
    const draw = (width: number) => Array.from({ length: size }, () => width * (next() - 0.5));
    return [{ allowed, members: left, u: draw(range), cotangent: draw(2) }];
  });
}

const put = ({ allowed, u }: Masked, value: number) => u.map((each, i) => (allowed[i]! ? each : value));

function expectNone({ allowed }: Masked, x: Vector, what: string): void {
  allowed.forEach((each, i) => {
    if (!each) expect(Math.abs(x[i]!), `${what}, position ${i} of ${x}`).toBeLessThan(1e-30);
  });
}

describe.each(Object.values(EXAMPLES).flat())("$structure", (example) => {
  const subject = { ...example, library };
  test.each([4, 60])("the hard sample avoids what is masked, utilities within %i", (range) => {
    for (const masked of masks(example, range)) {
      const u = put(masked, NEVER);
      const x = layerOf(subject).argmax(u);
      expect(masked.members.map(String)).toContain(String(x));
      expectClose([dot(put(masked, 0), x)], [bestValue(masked.members, put(masked, 0)).value], exact, "value");
    }
  });
  for (const relaxation of new Set(relaxationsOf(example.structure))) {
    test.each([0.3, 5])(`${relaxation} at %f: soft samples and gradients`, (t) => {
      const layer = layerOf(subject, relaxation, t);
      for (const masked of [4, 60].flatMap((range) => masks(example, range))) {
        const u = put(masked, NEVER);
        const [x, vjp] = [layer.soft(u), layer.vjp(u, masked.cotangent)];
        expectNone(masked, x, "soft sample");
        expectNone(masked, vjp, "gradient");
        if (relaxation === "ExpFamily") {
          const family = new ExactFamily(masked.members, put(masked, 0), t);
          expectClose(x, family.marginals, exact, "marginals");
          expectClose(vjp, family.vjp(masked.cotangent), { abs: 1e-7, rel: 1e-7 }, "vjp");
          if (structureOf(example.structure).logPartition === undefined) continue;
          expectClose([layer.logPartition(u)], [family.logPartition], exact, "log-partition");
        } else {
          const far = put(masked, FAR);
          expectClose(x, layer.soft(far), exact, "soft");
          expectClose(vjp, layer.vjp(far, masked.cotangent), { abs: 1e-7, rel: 1e-7 }, "vjp");
        }
      }
    });
  }
});

/** Structures whose members all have something, with what is said where all of it is masked. */
const NOTHING_LEFT: Readonly<Record<string, RegExp>> = {
  OneHot: /all that could be chosen is masked|fewer things are not masked/,
  SpanningTree: /not connected by edges that are not masked/,
  Arborescence: /every arborescence has an arc that is masked|all arcs into a vertex are masked/,
  ProjectiveArborescence: /every projective tree has an arc that is masked|all arcs into a token are masked/,
  KSubset: /every member has something that is masked|fewer things are not masked/,
  Chain: /every member has something that is masked/,
  Alignment: /every member has something that is masked/,
  Matching: /every matching has a pair that is masked|all pairs of a row are masked/,
};

test.each(Object.entries(NOTHING_LEFT))("%s: where no member avoids what is masked, it is said", async (name, said) => {
  const example = EXAMPLES[name]!.at(-1)!;
  const subject = { ...example, library };
  const u = example.members[0]!.map(() => NEVER);
  const runs = [...new Set(relaxationsOf(example.structure))].map(
    (relaxation) => () => layerOf(subject, relaxation).soft(u),
  );
  for (const run of [() => layerOf(subject).argmax(u), ...runs]) {
    const { message } = await failure(run);
    expect(message).toMatch(said);
    expect(message).toContain(" in example 0: ");
  }
});

test("a model masks utilities and their prior: nothing of what is masked is drawn, has a gradient or a divergence", () => {
  const text = `
model Masked(n = 4) {
  data allowed: bool[n]
  param theta: f32[n] ~ zeros
  latent z: OneHot(n) ~ Gumbel(masked(theta, allowed)) relax ExpFamily at 0.5
  prior z ~ Gumbel(masked(0 * theta, allowed))
  minimize kl + sum(z * theta)
}`;
  const theta = [0.5, -1, 2, 0.3];
  const environment = {
    batch: 1,
    parameters: { theta },
    inputs: { allowed: [1, 0, 1, 0] },
    noise: { z: [0.4, 0.999, 0.6, 0.999] },
  };
  const { z } = interpreted(text, "sample", environment);
  const soft = interpreted(text, "sample_soft", environment).z!;
  expect(z![1]! + z![3]!).toBe(0);
  expect([soft[1], soft[3]]).toEqual([0, 0]);
  const { loss, "gradient:theta": gradient } = interpreted(text, "train", environment);
  const kl = [0.5, 2].reduce((sum, each) => sum + each + Math.exp(-each) - 1, 0);
  expectClose(loss!, [kl + dot(soft, theta)], exact, "loss");
  expect([gradient![1], gradient![3]]).toEqual([soft[1], soft[3]]);
});
