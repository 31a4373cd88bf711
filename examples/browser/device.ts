/** What the page computes on: WebGPU where there is an adapter, otherwise WebAssembly, and then why. */

export interface Device {
  readonly target: "webgpu" | "tfjs";
  readonly name: "webgpu" | "wasm";
  /** For people, such as `WebGPU (apple metal-3)`. */
  readonly label: string;
  /** Why it is not WebGPU: a sentence. */
  readonly reason?: string;
}

/** `search`: the query of the page's address; `?device=wasm` asks for WebAssembly. Works in pages and in workers. */
export async function chooseDevice(search: string): Promise<Device> {
  if (new URLSearchParams(search).get("device") === "wasm")
    return webAssembly("The address of this page asks for device=wasm.");
  // Typed as always there, which it is not: not in older browsers, and not over plain http.
  const gpu = (navigator as { readonly gpu?: GPU }).gpu;
  if (gpu === undefined) {
    return webAssembly("This browser has no navigator.gpu: it is too old, or the page is neither on https nor local.");
  }
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
    if (adapter === null)
      return webAssembly("The browser knows WebGPU but has no adapter for it: no graphics driver that it trusts.");
    const { description, vendor, architecture } = adapter.info;
    const words = description || [vendor, architecture].filter((word) => word !== "").join(" ");
    return { target: "webgpu", name: "webgpu", label: words === "" ? "WebGPU" : `WebGPU (${words})` };
  } catch (problem) {
    return webAssembly(
      `The browser refused an adapter: ${problem instanceof Error ? problem.message : String(problem)}.`,
    );
  }
}

function webAssembly(reason: string): Device {
  return { target: "tfjs", name: "wasm", label: "WebAssembly", reason };
}
