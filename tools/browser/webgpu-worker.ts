import { createWebgpuBackend } from "@beitjs/tensor-core/webgpu";
import { post } from "./post.ts";
import { tryBackend, type BackendOutcome } from "./try-backend.ts";

export type WebgpuOutcome = BackendOutcome & { readonly adapter: string };

const webgpu = await createWebgpuBackend({ allowSoftware: true });
post({ adapter: webgpu.adapter, ...(await tryBackend(webgpu)) } satisfies WebgpuOutcome);
