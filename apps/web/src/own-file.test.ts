import { expect, it } from "vitest";
import { isMissingPart } from "./own-file.ts";

it.each([
  "[ownFile] expected ./assets/small-BpTp.safetensors, got 404 Not Found",
  "[startWorker] expected trainer to start, got an error",
  "[startWorker] expected trainer to start, got Uncaught TypeError: Failed to fetch dynamically imported module: a.js",
  "error loading dynamically imported module: http://a/b.js",
  "Importing a module script failed.",
])("knows a part that is gone by: %s", (message) => {
  expect(isMissingPart(new TypeError(message))).toBe(true);
});

it.each([
  "Failed to fetch",
  "[startWorker] expected engine to start, got Uncaught SyntaxError: Unexpected token '{'",
  "[openUrl] expected status 200 from http://a/b.pth, got 404 Not Found",
])("leaves other errors as they are: %s", (message) => {
  expect(isMissingPart(new Error(message))).toBe(false);
});
