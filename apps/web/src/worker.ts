// The program of both workers: inference and training share most of their code, so it is one set of files, and neither loads
// what only the other needs.
import { expose } from "comlink";

// The first message says that there is somebody to answer the next.
const ready = (): void => postMessage("ready");

if (self.name === "trainer") {
  void import("./train/trainer.ts").then(({ trainer }) => {
    expose(trainer);
    ready();
  });
} else {
  void import("./engine/engine.ts").then(({ engine }) => {
    expose(engine);
    ready();
  });
}
