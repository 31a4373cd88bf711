/** Certificates hold of what is right, and each of them fails of something that is wrong. */
import { describe, expect, test } from "vitest";
import type { LatentReport } from "../../certify/certify.ts";
import { reports } from "./reports.ts";

/** Pairs of neighbours in a row, by parts that a test may replace. */
const RIGHT = {
  count: "n - 1",
  clause: "relax ExpFamily by pair_marginals symmetric",
  partition: "value[0] = 2 * top + log(total)",
  best: "x[i] = if i == at or i == at + 1 then 1.0 else 0.0",
  marginal: "mu[i] += p",
  backward: "",
  size: "n = 5",
  utilities: "Gumbel(theta)",
  relaxation: "ExpFamily",
  more: "",
};

function sourceOf(changes: Partial<typeof RIGHT>): string {
  const parts = { ...RIGHT, ...changes };
  return `
structure Pairs(n) {
  embedding x: binary[n]
  require n >= 2  else "there must be a pair"
  count ${parts.count}
  argmax best_pair
  ${parts.clause}
  log_partition by pair_log_partition
}
kernel best_pair(n, u: f32[n]) -> x: f32[n] {
  let at = argmax(u[i] + u[i + 1] for i in 0..n - 1)
  for i in 0..n { ${parts.best} }
}
kernel pair_marginals(n, u: f32[n]) -> mu: f32[n] {
  let top = max(u)
  let total = sum(exp(u[i] + u[i + 1] - 2 * top) for i in 0..n - 1)
  for i in 0..n { mu[i] = 0 }
  for i in 0..n - 1 {
    let p = exp(u[i] + u[i + 1] - 2 * top) / total
    ${parts.marginal}
    mu[i + 1] += p
  }
}
kernel pair_log_partition(n, u: f32[n]) -> value: f32[1] {
  let top = max(u)
  let total = sum(exp(u[i] + u[i + 1] - 2 * top) for i in 0..n - 1)
  ${parts.partition}
}
${parts.backward}
${parts.more}
model M(${parts.size}) {
  param theta: f32[n] ~ zeros
  latent z: Pairs(n) ~ ${parts.utilities} relax ${parts.relaxation} at 0.5
  minimize sum(z)
}`;
}

/** What fails, as `of: says`. */
function failures(changes: Partial<typeof RIGHT>): string[] {
  const [report] = reports(sourceOf(changes));
  const all = [...report!.certificates, ...(report!.estimators?.certificates ?? [])];
  const failed = all.filter((each) => !each.passed);
  expect(report!.passed).toBe(failed.length === 0);
  for (const each of failed) expect(each.example ?? each.problem).toBeDefined();
  return failed.map(({ of, says }) => `${of}: ${says}`);
}

const CLOSED = (vjp: string) => `
kernel pair_vjp(n, x: f32[n], u: f32[n], cotangent: f32[n]) -> vjp: f32[n] {
  let top = max(u)
  let total = sum(exp(u[i] + u[i + 1] - 2 * top) for i in 0..n - 1)
  let mean = sum(x[i] * cotangent[i] for i in 0..n)
  for i in 0..n { vjp[i] = 0 }
  for i in 0..n - 1 {
    let p = exp(u[i] + u[i + 1] - 2 * top) / total
    let along = cotangent[i] + cotangent[i + 1] - mean
    vjp[i] += p * along
    vjp[i + 1] += ${vjp}
  }
}`;
const WITH_BACKWARD = "relax ExpFamily by pair_marginals symmetric backward pair_vjp";

describe("what is right", () => {
  test("has every certificate", () => {
    expect(failures({})).toEqual([]);
    expect(failures({ clause: WITH_BACKWARD, backward: CLOSED("p * along") })).toEqual([]);
  });
  test("is certified at a size at which its members can be listed", () => {
    const [report] = reports(sourceOf({ size: "n = 5000" }));
    expect(report!.structure).toBe("Pairs(5000)");
    expect(report!.at).toEqual({ structure: "Pairs(8)", members: 7, size: 8 });
    expect(report!.passed).toBe(true);
  });
  test("is certified alike for the same seed, and otherwise for another", () => {
    expect(reports(sourceOf({}), 3)).toEqual(reports(sourceOf({}), 3));
    expect(reports(sourceOf({}), 3)).not.toEqual(reports(sourceOf({}), 4));
  });
  test("with structures of the file that no latent takes, with all that they have", () => {
    const text = `
structure One(n) {
  embedding x: binary[n]
  argmax largest
  relax ExpFamily by softmax_kernel symmetric
  relax Separable by capped_simplex(total = 1) symmetric
}
model M(n = 3) {
  param theta: f32[n] ~ zeros
  latent z: One(n) ~ Gumbel(theta) relax ExpFamily at 0.5
  minimize sum(z)
}`;
    const found = reports(text);
    const others = ["BinaryEntropy", "CategoricalEntropy", "Euclidean"];
    expect(found[0]!.name).toBe("M.z");
    expect(found.slice(1).map(({ name, relaxation }) => `${name} ${relaxation}`)).toEqual(
      expect.arrayContaining(others.map((relaxation) => `One ${relaxation}`)),
    );
    expect(found.filter((each) => !each.passed)).toEqual([]);
  });
  test("with sizes that examples bring: some of it takes no part", () => {
    const text = `model M(n = 20) {
      data length: i32[]
      param theta: f32[n] ~ zeros
      latent z: OneHot(n, size = length) ~ Gumbel(theta) relax ExpFamily at 0.5
      minimize sum(z)
    }`;
    const [report] = reports(text);
    expect(report!.at).toEqual({ structure: "OneHot(20, length) with length = 19", members: 19, size: 20 });
    expect(report!.passed).toBe(true);
    expect(report!.estimators!.exact.gradient.map((value) => value !== 0)).toEqual([...Array(19).fill(true), false]);
  });
  test("without relaxations: the solver alone", () => {
    const text = (argmax: string) =>
      `structure Own(n) {\n embedding x: binary[n]\n count n\n argmax ${argmax}\n relax Euclidean refused "no"\n}\n`;
    const [report, ...others] = reports(text("largest"));
    expect(others).toEqual([]);
    expect(report).toMatchObject({ name: "Own", passed: true });
    expect(new Set(report!.certificates.map((each) => each.of))).toEqual(new Set(["solver"]));
    const [wrong] = reports(text("positive"));
    expect(wrong!.passed).toBe(false);
  });
  test("with bespoke relaxations: no optimum, and perhaps an input of their own", () => {
    const model = (relaxation: string) => `model M(n = 6) {
      param theta: f32[n] ~ zeros
      latent z: KSubset(n, 2) ~ Gumbel(theta) relax ${relaxation} at 0.5
      minimize sum(z)
    }`;
    const [softSub] = reports(model("SoftSub"));
    const [l2x] = reports(model("L2X"));
    for (const { certificates } of [softSub!, l2x!]) expect(certificates.filter((each) => !each.passed)).toEqual([]);
    const promises = ({ certificates }: LatentReport) =>
      certificates.filter((each) => each.promised && each.of === "soft sample").map(({ says }) => says);
    expect(promises(softSub!)).toEqual(["tends to the hard sample as t tends to 0"]);
    expect(softSub!.withoutEstimators).toBeUndefined();
    expect(softSub!.estimators!.certificates.length).toBeGreaterThan(0);
    // Two of its rows may choose the same: it tends to no member then.
    expect(promises(l2x!)).toEqual([]);
    expect(l2x!.withoutEstimators).toMatch(/an input of its own/);
    expect(l2x!.certificates.filter(({ says }) => says.includes("symmetric"))).toEqual([]);
  });
  test("with options: what they break is told, and not held against it", () => {
    const text = `model M(V = 20) {
      param theta: f32[edges(complete(V))] ~ zeros
      latent z: SpanningTree(complete(V)) ~ Logistic(theta) relax ExpFamily(clip = 15) at 0.5
      minimize sum(z)
    }`;
    const [report] = reports(text);
    expect(report!.certificates.filter((each) => !each.passed)).toEqual([]);
    expect(report!.certificates.filter((each) => !each.promised).length).toBeGreaterThan(0);
  });
});

describe("each certificate fails of something", () => {
  test("a count", () => {
    expect(failures({ count: "n" })).toEqual(["solver: there are as many members as declared"]);
  });
  test("an argmax that is not the best", () => {
    const twoOfThem = "x[i] = if i == 0 or i == 1 then 1.0 else 0.0";
    expect(failures({ best: twoOfThem })).toContain("solver: there are as many members as declared");
    const whole = "argmax(u[i] + u[i + 1] for i in 0..n - 1)";
    const text = sourceOf({}).replace(whole, "argmax(u[i] + 2 * u[i + 1] for i in 0..n - 1)");
    const [report] = reports(text);
    expect(report!.certificates.find((each) => each.says === "the hard sample is the best member")!.passed).toBe(false);
  });
  test("an argmax that gives no zeros and ones", () => {
    const [report] = reports(sourceOf({ best: "x[i] = if i == at or i == at + 1 then 0.5 else 0.0" }));
    expect(report!.passed).toBe(false);
    expect(report!.certificates[0]!.problem).toMatch(/must set every element to 0 or 1/);
  });
  test("a log-partition", () => {
    expect(failures({ partition: "value[0] = 2 * top + log(total) + 0.001" })).toEqual([
      "soft sample: has its log-partition, by enumeration",
    ]);
  });
  test("soft samples that are no marginals, and lie outside of the polytope", () => {
    const failed = failures({ marginal: "mu[i] += 1.001 * p" });
    expect(failed).toContain("soft sample: is the marginals, by enumeration");
    expect(failed).toContain("soft sample: fulfils the 2 equalities of the polytope");
    expect(failed).toContain("soft sample: lies in the polytope: distance to it");
    expect(failed).toContain("soft sample: tends to the hard sample as t tends to 0");
  });
  test("soft samples beyond an inequality only", () => {
    // Neighbours at both ends weigh what they please: 0, 1, 3 and 4 of five fulfil the sum, but no pair.
    const outsideOnly = sourceOf({}).replace(
      "mu[i + 1] += p",
      "mu[i + 1] += p\n  }\n  if n > 4 {\n    mu[0] += 0.1\n    mu[2] -= 0.1",
    );
    const failed = reports(outsideOnly)[0]!.certificates.filter((each) => !each.passed);
    expect(failed.map(({ says }) => says)).toContain("lies in the polytope: distance to it");
  });
  test("a backward in closed form", () => {
    const failed = failures({ clause: WITH_BACKWARD, backward: CLOSED("0.99 * p * along") });
    expect(failed).toEqual([
      "backward custom: its error against the covariance by enumeration",
      "backward custom: its Jacobian is symmetric",
    ]);
  });
  test("a relaxation that is another one", () => {
    const text = `
structure One(n) {
  embedding x: binary[n]
  argmax largest
  relax Euclidean by KERNEL symmetric
}`;
    const failed = (kernel: string) =>
      reports(text.replace("KERNEL", kernel)).flatMap(({ certificates }) =>
        certificates.filter((each) => !each.passed).map(({ of, says }) => `${of}: ${says}`),
      );
    // Marginals have everything that a relaxation must have, but are no projection.
    expect(failed("softmax_kernel")).toEqual(["soft sample: is the optimum: what is gained by leaving it"]);
    expect(failed("capped_simplex(total = 1)")).toEqual([]);
  });
  test("a promise of symmetry", () => {
    const text = sourceOf({
      clause: "relax Own by skewed symmetric",
      relaxation: "Own",
      more: `
relaxation Own
kernel skewed(n, u: f32[n]) -> x: f32[n] {
  let top = max(u)
  let total = sum(exp(u[i] - top) for i in 0..n)
  for i in 0..n { x[i] = exp(u[i] - top) / total }
  x[0] = x[1] * x[1]
}`,
    });
    const failed = reports(text)[0]!.certificates.filter((each) => !each.passed);
    const said = failed.map(({ of, says }) => `${of}: ${says}`);
    expect(said).toContain("backward dual: its Jacobian is symmetric");
    expect(said).toContain("backward dual: its error against extrapolated differences");
    expect(said).toContain("backward finite_difference(1e-4): its error against extrapolated differences");
  });
  test("a soft sample without a derivative", () => {
    const text = `
relaxation Own
structure One(n) {
  embedding x: binary[n]
  argmax largest
  relax Own by shaken symmetric
}
kernel shaken(n, u: f32[n]) -> x: f32[n] {
  let soft = softmax_kernel(n, u)
  let shake = 1234567.8 * u[0] - floor(1234567.8 * u[0])
  for i in 0..n { x[i] = soft[i] + 1e-3 * shake * (if i == 0 then soft[1] else (if i == 1 then -soft[1] else 0.0)) }
}`;
    const own = reports(text).find((each) => each.relaxation === "Own")!;
    const failed = own.certificates.filter((each) => !each.passed);
    const dual = failed.find(({ of, says }) => of === "backward dual" && says.startsWith("its error"));
    expect((dual!.worst as readonly number[])[0]).toBe(Number.POSITIVE_INFINITY);
    expect(dual!.example!.exact).toMatch(/no derivative/);
  });
  test("a kernel that divides by zero at ranges up to 100", () => {
    const text = sourceOf({}).replaceAll("- 2 * top)", "- 2 * top - 700)");
    const failed = reports(text)[0]!.certificates.filter((each) => !each.passed);
    expect(failed.some((each) => /finite|NaN|number/.test(each.problem ?? ""))).toBe(true);
  });
  test("a density that is not that of the draws", () => {
    const law = (density: string) => ({
      utilities: "Own(theta)",
      more: `
distribution Own(location = 0) {
  noise e: normal
  sample = location + e
  log_density(u) = ${density}
}`,
    });
    const normal = "-0.5 * (u - location) * (u - location) - 0.5 * log(2 * pi)";
    expect(failures(law(normal))).toEqual([]);
    const unbiased = [
      "score reinforce",
      "score reinforce(baseline = leave_one_out(4))",
      "score function, all other draws as baseline",
    ];
    expect(failures(law(normal.replace("-0.5 * (u", "-0.25 * (u")))).toEqual(
      unbiased.map((name) => `estimator: ${name}: bias in its standard errors (by chance: once in 1.7 million)`),
    );
  });
});

describe("what cannot be certified is told", () => {
  test("a model without values for its arguments", () => {
    const found = reports(sourceOf({ size: "n" }));
    // The structure with each of its relaxations, the Euclidean one that every structure has included.
    expect(found.map(({ name }) => name)).toEqual(["Pairs", "Pairs", "M"]);
    expect(found[2]).toMatchObject({ name: "M", outOfReach: "nothing gives values for n", passed: true });
  });
  test("a structure that no size makes small", () => {
    const text = sourceOf({}).replace("embedding x: binary[n]", "embedding x: binary[n], rest: binary[60]");
    const whole = text.replaceAll("-> x: f32[n]", "-> x: f32[n + 60]").replace("-> mu: f32[n]", "-> mu: f32[n + 60]");
    const [report] = reports(
      whole
        .replace("param theta: f32[n]", "param theta: f32[n + 60]")
        .replaceAll("(n, u: f32[n])", "(n, u: f32[n + 60])"),
    );
    expect(report!.outOfReach).toMatch(/too large/);
    expect(report!.passed).toBe(true);
  });
});
