/**
 * What the declarations name of the platform: its own types where the reader's compiler knows them,
 * by `dom` or @types/node, and as much as is used of them where it does not.
 *
 * scripts/slim.ts has the package's declarations import these names.
 */
type GlobalOr<Name extends string, Otherwise> =
  typeof globalThis extends Record<Name, { prototype: infer Known }> ? Known : Otherwise;

export type AbortSignal = GlobalOr<
  'AbortSignal',
  {
    readonly aborted: boolean;
    readonly reason: unknown;
    addEventListener(type: 'abort', listener: () => void): void;
    removeEventListener(type: 'abort', listener: () => void): void;
  }
>;

export type Buffer = Uint8Array<ArrayBuffer>;

type WasmOr<Name extends string, Otherwise> = typeof globalThis extends {
  WebAssembly: Record<Name, { prototype: infer Known }>;
}
  ? Known
  : Otherwise;

export declare namespace WebAssembly {
  type Memory = WasmOr<'Memory', { readonly buffer: ArrayBufferLike }>;
  type Module = WasmOr<'Module', object>;
  type Exports = Record<string, unknown>;
}
