// The page: an image on top, panels below, all work in workers.
import { render } from "preact";
import { App } from "./app.tsx";
import "./style.css";

render(<App />, document.getElementById("app") as HTMLElement);

// Keeps the page working without a network from the second visit on. In development files change under its feet.
if (import.meta.env.PROD && "serviceWorker" in navigator) {
  addEventListener("load", () => {
    navigator.serviceWorker.register(new URL("service-worker.js", document.baseURI)).catch((error: unknown) => {
      // A page from a file or a private window works all the same, online.
      console.warn("This visit will not be kept for offline use:", error);
    });
  });
}
