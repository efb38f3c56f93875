// Whoever cannot run is left out with a line that says how to get it.
import { describe, expect, it } from "vitest";
import { findUnilm } from "./masking/unilm.ts";
import { findPeers } from "./peers.ts";

const torch = { npm: [], python: { name: "torch", modules: ["torch"] } } as const;

describe("findPeers", () => {
  it("looks only for those that are wished for and known to the suite", async () => {
    const found = await findPeers({ peers: ["tfjs", "unilm"] }, torch);
    expect(found).toEqual({ npm: new Set(), skipped: [] });
  });

  it("asks for a Python", async () => {
    const { python, skipped } = await findPeers({ peers: ["torch"] }, torch);
    expect(python).toBeUndefined();
    expect(skipped).toEqual([
      { name: "torch", reason: expect.stringContaining("--python PATH of a Python that can import torch") },
    ]);
  });

  it("says what a Python lacks, and how to get it", async () => {
    const wanted = { npm: [], python: { name: "torch", modules: ["PIL", "torch"] } } as const;
    const { python, skipped } = await findPeers({ peers: ["torch"], python: process.execPath }, wanted);
    expect(python).toBeUndefined();
    expect(skipped[0].reason).toContain(`${process.execPath} cannot import PIL, torch`);
    expect(skipped[0].reason).toContain("-m pip install pillow torch");
  });
});

describe("findUnilm", () => {
  it("takes a checkout that has the generator, and a Python with numpy", async () => {
    expect(await findUnilm({ peers: [] })).toEqual({ skipped: [] });
    const { contestant, skipped } = await findUnilm({ peers: ["unilm"] });
    expect(contestant).toBeUndefined();
    expect(skipped[0].reason).toContain("that can import numpy");
  });
});
