/** Names in WGSL: like those of the source, made safe, unique within a module, and none that means something else. */

/** Keywords, reserved words and predeclared names of WGSL (W3C), and the names that printed modules use themselves. */
const RESERVED: ReadonlySet<string> = new Set(
  `alias break case const const_assert continue continuing default diagnostic discard else enable false fn for if let loop
  override requires return struct switch true var while
  NULL Self abstract active alignas alignof as asm asm_fragment async attribute auto await become cast catch class co_await
  co_return co_yield coherent column_major common compile compile_fragment concept const_cast consteval constexpr constinit
  crate debugger decltype delete demote demote_to_helper do dynamic_cast enum explicit export extends extern external fallthrough
  filter final finally friend from fxgroup get goto groupshared highp impl implements import inline instanceof interface
  layout lowp macro macro_rules match mediump meta mod module move mut mutable namespace new nil noexcept noinline
  nointerpolation non_coherent noncoherent noperspective null nullptr of operator package packoffset partial pass patch
  pixelfragment precise precision premerge priv protected pub public readonly ref regardless register reinterpret_cast require
  resource restrict self set shared sizeof smooth snorm static static_assert static_cast std subroutine super target
  template this thread_local throw trait try type typedef typeid typename typeof union unless unorm unsafe unsized use
  using varying virtual volatile wgsl where with writeonly yield
  bool f16 f32 i32 u32 vec2 vec3 vec4 array atomic ptr sampler mat2x2 mat3x3 mat4x4 bitcast all any select abs acos asin atan
  ceil clamp cos cross degrees distance dot exp exp2 floor fma fract length log log2 max min mix modf normalize pow radians
  reflect round sign sin sinh smoothstep sqrt step tan tanh transpose trunc arrayLength workgroupBarrier storageBarrier
  workgroupUniformLoad determinant distance inverseSqrt refract saturate cosh
  call main part part_1 part_2 part_3 part_4 part_5 part_6 lane count row group groups i total
  workgroup fault faults tables parameters states inputs gradients scratch`.split(/\s+/),
);

export class SafeNames {
  private readonly taken: Set<string>;
  private readonly next = new Map<string, number>();

  /** `taken`: names that the module has besides. */
  constructor(taken: Iterable<string> = []) {
    this.taken = new Set(taken);
  }

  /** A new name like the wanted one: letters, digits and single underscores. */
  fresh(wanted: string): string {
    const plain = wanted
      .replace(/[^A-Za-z0-9]+/g, "_")
      .replace(/^_+|_+$/g, "")
      .slice(0, 40);
    const safe = plain === "" ? "value" : /^[0-9]/.test(plain) ? `v${plain}` : plain;
    let next = this.next.get(safe) ?? 2;
    let name = safe;
    while (this.taken.has(name) || RESERVED.has(name)) name = `${safe}_${next++}`;
    this.next.set(safe, next);
    this.taken.add(name);
    return name;
  }
}
