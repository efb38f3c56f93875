import { expect, it } from "vitest";
import { fromFloat32ToHalf, parameterToHalf, toFloat32 } from "../safetensors.ts";

const all = toFloat32({
  dtype: "F16",
  shape: [0x10000],
  data: new Uint8Array(Uint16Array.from({ length: 0x10000 }, (_, i) => i).buffer),
});
const roundTrip = (values: readonly number[]): number[] => [
  ...toFloat32(fromFloat32ToHalf(Float32Array.from(values), [values.length])),
];

it("keeps every number that 16 bits can hold, signs of zero and infinities among them", () => {
  const back = roundTrip([...all]);
  expect(back.filter((value, i) => !Object.is(value, all[i]))).toEqual([]);
});

it("rounds to the nearer neighbor, and halfway to the even one", () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [low, high] = [all[bits], all[bits + 1]];
    const middle = (low + high) / 2;
    const [below, at, above] = roundTrip([middle - (high - low) / 8, middle, middle + (high - low) / 8]);
    expect([below, at, above]).toEqual([low, bits % 2 === 0 ? low : high, high]);
  }
});

it("makes infinities of what is too large, and zeros of what is too small", () => {
  expect(roundTrip([65519, 65520, 1e30, -65520, 2 ** -25, 2 ** -25 * 1.001, -(2 ** -26)])).toEqual([
    65504,
    Infinity,
    Infinity,
    -Infinity,
    0,
    2 ** -24,
    -0,
  ]);
  expect(roundTrip([NaN])).toEqual([NaN]);
});

it("takes two bytes a value, and says when the shape does not fit", () => {
  expect(fromFloat32ToHalf(new Float32Array(6), [2, 3])).toMatchObject({ dtype: "F16", shape: [2, 3] });
  expect(fromFloat32ToHalf(new Float32Array(6), [2, 3]).data).toHaveLength(12);
  expect(() => fromFloat32ToHalf(new Float32Array(6), [2, 2])).toThrow("expected 4 values for shape [2, 2], got 6");
});

it("refuses a parameter that would become infinite, by name; infinities stay what they are", () => {
  const place = { user: "saveBeit", name: "head.bias" };
  const halves = (...values: number[]) => [
    ...toFloat32(parameterToHalf(Float32Array.from(values), [values.length], place)),
  ];
  expect(halves(65519, -65519, Infinity)).toEqual([65504, -65504, Infinity]);
  expect(() => halves(1, -65520)).toThrow(
    "[saveBeit] expected values of at most 65504, the largest of 16 bits, got -65520 in head.bias; leave out half",
  );
});
