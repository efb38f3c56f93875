// The body of a kernel thread, embedded as text by tools/kernels/build.ts and started from a string, so that no bundler
// has to find a worker file. It runs in Node (CommonJS, `require` exists) and in browsers, hence no import or export.
// Protocol and layout of the control block: threads.ts.
declare const require: (name: "node:worker_threads") => { readonly parentPort: Port };
declare const self: Port | undefined;
interface Port {
  postMessage(message: unknown): void;
  on?(event: "message", listener: (data: Start) => void): void;
  onmessage?: (event: { data: Start }) => void;
}
type Start = {
  module: object;
  memory: { buffer: SharedArrayBuffer };
  panelWidth: number;
  control: number;
  thread: number;
};
type Instantiate = new (module: object, imports: object) => { exports: Record<string, (...values: number[]) => void> };
declare const WebAssembly: { readonly Instance: Instantiate };

{
  const EPOCH = 0,
    DONE = 1,
    KERNEL = 2,
    COUNT = 3,
    GRAIN = 4,
    NEXT = 5,
    ARGUMENTS = 6,
    FAILED = 7;
  const port = typeof require === "function" ? require("node:worker_threads").parentPort : (self as Port);

  const run = ({ module, memory, panelWidth, control, thread }: Start): void => {
    const { exports } = new WebAssembly.Instance(module, { env: { memory, panelWidth } });
    const kernels = Object.keys(exports).filter((name) => typeof exports[name] === "function");
    const words = new Int32Array(memory.buffer, control, 16);
    const values = new Float64Array(memory.buffer, control + 64, 32);
    const finished = new Int32Array(memory.buffer, control + 64 + 32 * 8 + thread * 4, 1);
    let epoch = Atomics.load(words, EPOCH);
    port.postMessage("ready");
    for (;;) {
      // Kernels follow one another within microseconds: look a while before sleeping.
      for (let spins = 0; spins < 20000 && Atomics.load(words, EPOCH) === epoch; spins++);
      while (Atomics.load(words, EPOCH) === epoch) Atomics.wait(words, EPOCH, epoch);
      epoch = Atomics.load(words, EPOCH);
      if (words[KERNEL] < 0) return;
      try {
        const kernel = exports[kernels[words[KERNEL]]];
        const given = Array.from(values.subarray(0, words[ARGUMENTS]));
        const count = words[COUNT];
        const grain = words[GRAIN];
        for (let begin = Atomics.add(words, NEXT, grain); begin < count; begin = Atomics.add(words, NEXT, grain)) {
          kernel(...given, begin, Math.min(count, begin + grain), thread);
        }
      } catch {
        Atomics.store(words, FAILED, thread);
      }
      Atomics.store(finished, 0, epoch);
      Atomics.add(words, DONE, 1);
      Atomics.notify(words, DONE);
    }
  };

  if (port.on) port.on("message", run);
  else port.onmessage = (event) => run(event.data);
}
