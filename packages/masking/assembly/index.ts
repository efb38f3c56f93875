// The wasm module's whole surface. Pointers belong to the host: the module has no static data and allocates nothing.
export { blockwise } from "./blockwise";
export { uniform } from "./uniform";
