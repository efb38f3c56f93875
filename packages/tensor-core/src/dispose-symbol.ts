// The key of `using`. Browsers that do not know it yet get the one that esbuild's and Babel's helpers ask for in its place.
/// <reference lib="esnext.disposable" preserve="true" />

export const disposeSymbol: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for("Symbol.dispose");
