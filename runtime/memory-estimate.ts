/** Says before anything is allocated that a model or a batch cannot fit into a device's memory. */
import type { Artifact, EntryPoint } from "../compiler/artifact.ts";
import type { EngineDevice } from "./engine.ts";
import { sizeOf } from "./host-tensor.ts";
import { listNames, UserError } from "./user-error.ts";

/** "3.2 GiB", "41 MiB": two digits are all that an estimate is worth. */
export function writeBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Throws a UserError when `entry` on a batch of this size is estimated to exceed the device's memory. */
export function checkMemory(artifact: Artifact, entry: EntryPoint, batch: number, device: EngineDevice): void {
  const limit = device.memoryLimit;
  if (limit === undefined) return;
  const parameterBytes = artifact.parameters.reduce((total, p) => total + 4 * sizeOf(p.shape), 0);
  // A compiler's estimate may leave out what the runtime itself holds: never less than the parameters.
  const fixed = Math.max(entry.memory.fixed, parameterBytes);
  const perExample = entry.memory.perExample;
  const estimate = fixed + perExample * batch;
  if (estimate <= limit) return;
  const sizes = Object.entries(artifact.arguments).flatMap(([name, value]) =>
    typeof value === "number" ? [`${name} = ${value}`] : [],
  );
  const ofModel = sizes.length > 0 ? `the sizes of the model, such as ${listNames(sizes)}` : "the sizes of the model";
  const most = perExample > 0 ? Math.floor((limit - fixed) / perExample) : 0;
  const work = `\`${entry.name}\` on a batch of ${batch}`;
  const has = `the device \`${device.name}\` has ${writeBytes(limit)}`;
  throw new UserError(`${artifact.model} needs about ${writeBytes(estimate)} of memory for ${work}, and ${has}`, {
    why: `an estimate made before allocating: ${writeBytes(fixed)} whatever the batch, and ${writeBytes(perExample)} for each example`,
    help:
      most >= 1
        ? `reduce the batch to ${most} or fewer, or reduce ${ofModel}`
        : `reduce ${ofModel}: not even one example fits`,
  });
}
