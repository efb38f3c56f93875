import { describe, expect, it } from "vitest";
import { modelBytes, type ModelProto } from "./proto.ts";

const metadataProps = [{ key: "k", value: "é" }];
const opsetImport = [{ domain: "", version: 17 }];
const empty: ModelProto = {
  irVersion: 8,
  producerName: "p",
  graph: { node: [], name: "g", initializer: [], input: [], output: [] },
  opsetImport,
  metadataProps,
};

function withTensor(byteLength: number, read: () => Promise<Uint8Array>): ModelProto {
  const tensor = { dims: [byteLength], dataType: 1, name: "t", rawData: { byteLength, read } };
  return { ...empty, graph: { ...empty.graph, initializer: [tensor] } };
}

describe("modelBytes", () => {
  it("writes the fields of onnx.proto", async () => {
    const graph = [0x3a, 3, 0x12, 1, 0x67]; // 7: { 2: "g" }
    const opset = [0x42, 4, 0x0a, 0, 0x10, 17]; // 8: { 1: "", 2: 17 }
    const metadata = [0x72, 7, 0x0a, 1, 0x6b, 0x12, 2, 0xc3, 0xa9]; // 14: { 1: "k", 2: "é" }
    expect([...(await modelBytes(empty, "test"))]).toEqual([8, 8, 0x12, 1, 0x70, ...graph, ...opset, ...metadata]);
  });

  it("puts large bytes behind their length", async () => {
    const data = Uint8Array.from({ length: 300 }, (_, i) => i);
    const bytes = await modelBytes(
      withTensor(300, () => Promise.resolve(data)),
      "test",
    );
    const start = bytes.findIndex((_, i) => [0x4a, 0xac, 0x02].every((byte, j) => bytes[i + j] === byte)); // 9: 300 bytes
    expect(bytes.slice(start + 3, start + 303)).toEqual(data);
  });

  it("reads one tensor at a time", async () => {
    let reading = 0;
    const read = async (): Promise<Uint8Array> => {
      expect(++reading).toBe(1);
      await Promise.resolve();
      reading--;
      return new Uint8Array(4);
    };
    const { graph } = withTensor(4, read);
    const initializer = [...graph.initializer, ...graph.initializer, ...graph.initializer];
    await modelBytes({ ...empty, graph: { ...graph, initializer } }, "test");
    expect.assertions(3);
  });

  it("reads nothing for a file that cannot be", async () => {
    const read = () => Promise.reject(new Error("read"));
    const message = /^\[test\] expected a file of at most 2147483647 bytes, the limit of protocol buffers, got \d{10}$/;
    await expect(modelBytes(withTensor(2 ** 31, read), "test")).rejects.toThrow(message);
    await expect(modelBytes(withTensor(5 * 2 ** 30, read), "test")).rejects.toThrow(/got 53687\d{5}$/);
  });
});
