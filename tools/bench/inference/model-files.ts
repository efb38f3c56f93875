// The model of a suite, made once before any contestant starts, in a temporary folder that goes with this process.
import { bundleWorker } from "../bundle.ts";
import { runWorker } from "../processes.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import type { InferenceFiles } from "./settings.ts";
import type { WriteModelRequest } from "./write-model.ts";

export type ModelFolder = { readonly folder: string; readonly files: InferenceFiles };

export async function writeModel(request: Omit<WriteModelRequest, "folder">): Promise<ModelFolder> {
  const folder = temporaryFolder("model");
  const worker = await bundleWorker(new URL("write-model.ts", import.meta.url));
  process.stderr.write("writing a model with random weights\n");
  return { folder, files: await runWorker<InferenceFiles>(worker({ ...request, folder })) };
}
