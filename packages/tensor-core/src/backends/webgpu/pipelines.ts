// Pipelines by shader, entry point and constants, compiled at first use; bind groups by their buffers.
import { shaders, type ShaderName } from "../../generated/shaders.ts";
import { expandShader, type ShaderConstants } from "./expand-shader.ts";
import type { Bound } from "./memory.ts";

/** An entry point of a shader, in one of its variants. */
export type Program = {
  readonly shader: ShaderName;
  /** Default: `main`. */
  readonly entry?: string;
  readonly constants?: ShaderConstants;
};

/** Bindings 0 .. reads - 1 of group 0 are read, the following are written; group 1 holds the parameters. */
export type Layout = { readonly id: string; readonly group: GPUBindGroupLayout; readonly pipeline: GPUPipelineLayout };

export interface Pipelines {
  readonly parameters: GPUBindGroupLayout;
  layout(reads: number, writes: number): Layout;
  pipeline(program: Program, layout: Layout): GPUComputePipeline;
  bindGroup(layout: Layout, bound: readonly Bound[], label: string): GPUBindGroup;
  forgetBindGroups(): void;
}

/** More than a training step has; beyond it shapes keep changing and old groups are not coming back. */
const MOST_BIND_GROUPS = 16384;

/** `slotBytes`: the size of one dispatch's parameters. */
export function createPipelines(device: GPUDevice, slotBytes: number): Pipelines {
  const modules = new Map<string, GPUShaderModule>();
  const pipelines = new Map<string, GPUComputePipeline>();
  const layouts = new Map<string, Layout>();
  const groups = new Map<string, GPUBindGroup>();
  const visibility = GPUShaderStage.COMPUTE;
  const buffer = { type: "uniform", hasDynamicOffset: true, minBindingSize: slotBytes } as const;
  const parameters = device.createBindGroupLayout({ entries: [{ binding: 0, visibility, buffer }] });
  return {
    parameters,
    layout(reads, writes) {
      const id = `${reads}.${writes}`;
      const known = layouts.get(id);
      if (known) return known;
      const entries = Array.from({ length: reads + writes }, (_, binding) => {
        const type: GPUBufferBindingType = binding < reads ? "read-only-storage" : "storage";
        return { binding, visibility, buffer: { type } };
      });
      const group = device.createBindGroupLayout({ entries });
      const made = { id, group, pipeline: device.createPipelineLayout({ bindGroupLayouts: [group, parameters] }) };
      layouts.set(id, made);
      return made;
    },
    pipeline({ shader, entry = "main", constants = {} }, layout) {
      let variant: string = shader;
      for (const name in constants) variant += ` ${name},${constants[name]}`;
      const key = `${variant} ${entry} ${layout.id}`;
      const known = pipelines.get(key);
      if (known) return known;
      const code = (): string => expandShader(shaders[shader], constants);
      const module = modules.get(variant) ?? device.createShaderModule({ label: variant, code: code() });
      modules.set(variant, module);
      const made = device.createComputePipeline({
        label: `${variant} ${entry}`,
        layout: layout.pipeline,
        compute: { module, entryPoint: entry },
      });
      pipelines.set(key, made);
      return made;
    },
    bindGroup(layout, bound, label) {
      let key = layout.id;
      for (const place of bound)
        key += "whole" in place ? ` ${place.whole.id}.${place.offset}.${place.bytes}` : ` ${place.id}`;
      const known = groups.get(key);
      if (known) return known;
      if (groups.size >= MOST_BIND_GROUPS) groups.clear();
      const entries = bound.map((place, binding) => ({ binding, resource: resourceOf(place) }));
      const made = device.createBindGroup({ label, layout: layout.group, entries });
      groups.set(key, made);
      return made;
    },
    forgetBindGroups: () => groups.clear(),
  };
}

function resourceOf(bound: Bound): GPUBufferBinding {
  if (!("whole" in bound)) return { buffer: bound.buffer };
  const { whole, offset, bytes } = bound;
  return { buffer: whole.buffer, offset, size: bytes };
}
