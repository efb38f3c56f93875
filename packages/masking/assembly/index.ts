// The wasm module's whole surface. Pointers belong to the host: the module has no static data and allocates nothing.
export { seedStream } from "./random";
export { blockwise } from "./blockwise";
export { uniform } from "./uniform";
