import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-webgl";
import { createTfjsBackend } from "@beitjs/tensor-core/tfjs";
import { post } from "./post.ts";
import { tryBackend, type BackendOutcome } from "./try-backend.ts";

export type WebglOutcome = BackendOutcome & { readonly device: string };

await tf.setBackend("webgl");
const backend = await createTfjsBackend(tf);
post({ device: backend.device, ...(await tryBackend(backend)) } satisfies WebglOutcome);
