// Names of the formats that models are written in.

export const formats = ["beitjs", "hugging-face", "unilm", "onnx"] as const;
export type Format = (typeof formats)[number];
