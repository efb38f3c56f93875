import { describe, expect, it } from "vitest";
import { plainWords } from "./plain-words.ts";

describe("plainWords", () => {
  it.each([
    [
      new Error("[openImage] expected an image that this browser can read, got notes.txt (text/plain)"),
      "not an image that your browser can read (notes.txt",
    ],
    [new Error("[openImage] expected at most 100 MB, got 140 MB"), "too large"],
    [new RangeError("Array buffer allocation failed"), "no memory left"],
    [new Error("[simd] out of memory: 400 MB in use"), "no memory left"],
    [new RangeError("WebAssembly.Memory(): could not allocate memory"), "no memory left"],
    [new Error("[webgpu] the device was lost (destroyed): go on from the last checkpoint"), "Go on"],
    [new TypeError("Failed to fetch"), "no network"],
    [new TypeError("NetworkError when attempting to fetch resource."), "no network"],
    [new Error("[train] expected to be the only tab that trains, got another"), "Pause it there first"],
    [new Error("[openUrl] expected status 200 from http://a/b.pth, got 404 Not Found"), "answered “404 Not Found”"],
    [
      new Error(
        "[openUrl] expected status 200 from http://a/b.pth, got 401 Unauthorized; where it takes a token, give one",
      ),
      "answered “401 Unauthorized”",
    ],
    [
      new Error("[openSources] expected the files of a model at http://a/b, got none of config.json below http://a/b/"),
      "no model at that address",
    ],
    [new Error("[openUrl] expected http://a/b.pth to have SHA-256 00, got 11"), "another file than the one you expect"],
    [new DOMException("full", "QuotaExceededError"), "no more storage"],
    [new Error("[createSimdBackend] expected an engine with WebAssembly SIMD, got one without"), "Browsers since 2023"],
  ])("says %s so that a visitor knows what to do", (error, words) => {
    expect(plainWords(error)).toContain(words);
  });

  it("shows what it does not know, without our marks", () => {
    expect(plainWords(new Error("[openBeit] expected 12 blocks, got 11"))).toBe("Sorry: expected 12 blocks, got 11");
    expect(plainWords(Object.assign(new Error("[x] expected a, got b"), { name: "FileError" }))).toBe(
      "Sorry: expected a, got b",
    );
    expect(plainWords("odd")).toContain("odd");
  });
});
