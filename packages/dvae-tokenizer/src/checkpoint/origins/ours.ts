// What `saveTokenizer` writes: parameters by our paths, the config in the file's metadata.
import { validateDvaeConfig, type DvaeConfig } from "../../config.ts";
import { storedConfig } from "../../load.ts";
import { onlyFile, type Origin } from "./origin.ts";

export const ours = {
  name: "beitjs",
  title: "ours",
  probes: ["encoder.input.filter", "encoder.stages.0.down.filter"],
  recognizes: () => true,
  describe(files, given) {
    const { metadata, tensors } = onlyFile(files);
    const config = { ...storedConfig(metadata, tensors.size), ...given } as DvaeConfig;
    validateDvaeConfig(config);
    return { config, tensors };
  },
} as const satisfies Origin;
