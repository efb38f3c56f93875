// The program of both workers: inference and training share most of their code, so it is one set of files, and neither loads
// what only the other needs.
import { expose } from "comlink";

// The first message says that there is somebody to answer the next.
const ready = (): void => postMessage("ready");

// A rejection stays in here; an error is heard by the page, which waits.
if (self.name === "trainer") {
  import("./train/trainer.ts").then(({ trainer }) => {
    expose(trainer);
    ready();
  }, reportError);
} else {
  import("./engine/engine.ts").then(({ engine }) => {
    expose(engine);
    ready();
  }, reportError);
}
