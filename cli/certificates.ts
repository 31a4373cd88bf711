/** Certificates as text: what holds and what does not, how far off it is, and the worst example of each failure. */
import { type Certificate, type Example, RANGES } from "../certify/certificate.ts";
import type { LatentReport } from "../certify/certify.ts";
import type { EstimatorReport } from "../certify/estimators.ts";
import { columns, plural } from "./columns.ts";

/** All reports, and a line that sums them up. */
export function certificateLines(reports: readonly LatentReport[]): string[] {
  const certificates = reports.flatMap(allOf);
  const failed = certificates.filter((each) => !each.passed).length;
  const unreached = reports.filter((each) => each.outOfReach !== undefined).length;
  const total = [
    `${plural(certificates.length, "certificate")}${failed === 0 ? ", all hold" : `, ${failed} failed`}`,
    ...(unreached === 0 ? [] : [`${unreached} out of reach`]),
  ].join("; ");
  const nothing =
    "no latent of these files has a relaxation, and no structure is declared: there are no gradients to certify";
  return [...reports.flatMap((report) => [...reportLines(report), ""]), reports.length === 0 ? nothing : total];
}

function allOf({ certificates, estimators }: LatentReport): readonly Certificate[] {
  return [...certificates, ...(estimators?.certificates ?? [])];
}

function reportLines(report: LatentReport): string[] {
  const { name, structure, relaxation, temperature, at, outOfReach } = report;
  const relaxed = relaxation === undefined ? "" : ` relax ${relaxation} at ${temperature}`;
  const title = structure === "" ? name : `${name}: ${structure}${relaxed}`;
  if (outOfReach !== undefined) return [title, `  out of reach: ${outOfReach}`];
  const where =
    at === undefined ? [] : [`  at ${at.structure}: ${plural(at.members, "member")} of ${plural(at.size, "element")}`];
  const refused = report.refused.map(({ backward }) => backward).join(", ");
  return [
    title,
    ...where,
    "",
    ...certificateTable(report.certificates),
    ...(refused === "" ? [] : [`  not legal here: ${refused}`]),
    ...(report.withoutEstimators === undefined ? [] : [`  no estimators are compared: ${report.withoutEstimators}`]),
    ...(report.estimators === undefined ? [] : ["", ...estimatorLines(report.estimators)]),
    ...allOf(report).flatMap(failureLines),
  ];
}

function certificateTable(certificates: readonly Certificate[]): string[] {
  const heads = RANGES.map((range, i) => (i === 0 ? `u/t within ${range}` : `within ${range}`));
  const rows = certificates.map((each) => [
    `${mark(each)} ${each.of}`,
    each.says,
    ...RANGES.map((_, i) => (typeof each.worst === "number" ? "" : writeError(each.worst[i]))),
    [
      ...(typeof each.worst === "number" ? [writeError(each.worst)] : []),
      each.promised ? `≤ ${writeError(each.allowed)}` : "not promised",
    ].join(" "),
  ]);
  return columns([["  ", "", ...heads, "allowed"], ...rows]);
}

function estimatorLines({ objective, samples, exact, estimates, certificates }: EstimatorReport): string[] {
  const size = `${writeValue(exact.norm)} ± ${writeValue(exact.standardError)}`;
  const rows = estimates.map(({ estimator, bias, standardError, variance }) => [
    `  ${estimator}`,
    `${writeValue(bias)} ± ${writeValue(standardError)}`,
    exact.norm === 0 ? "–" : `${Math.round((100 * bias) / exact.norm)} %`,
    writeValue(variance),
  ]);
  return [
    `  gradient of E[L(X)] by the location of the utilities, ${objective}`,
    `  exact: length ${size}, by enumeration over ${plural(samples, "draw")} of the utilities`,
    ...columns([["  estimator", "bias ± its standard error", "of the exact", "variance of one draw"], ...rows]),
    ...columns(
      certificates.map((each) => [`${mark(each)} ${each.says}`, `${writeValue(Number(each.worst))} ≤ ${each.allowed}`]),
    ),
  ];
}

function mark({ passed, promised }: Certificate): string {
  return promised ? (passed ? "✓" : "✗") : "·";
}

function writeError(value: number | undefined): string {
  if (value === undefined) return "–";
  if (value === 0) return "0";
  return Number.isFinite(value) ? value.toExponential(0) : "∞";
}

function writeValue(value: number): string {
  return value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(0) : String(Number(value.toPrecision(3)));
}

/** What went wrong, with the numbers to try it again. */
function failureLines(certificate: Certificate): string[] {
  if (certificate.passed) return [];
  const { of, says, problem, example } = certificate;
  const title = `  ✗ ${of}: ${says}`;
  return ["", problem === undefined ? title : `${title}: ${problem}`, ...exampleLines(example)];
}

function exampleLines(example: Example | undefined): string[] {
  const write = (value: Example[string]) =>
    typeof value === "object"
      ? `[${value.map(shortNumber).join(", ")}]`
      : typeof value === "number"
        ? shortNumber(value)
        : value;
  return columns(
    Object.entries(example ?? {}).map(([name, value]) => [name, write(value)]),
    "      ",
  );
}

function shortNumber(value: number): string {
  return String(Number(value.toPrecision(8)));
}
