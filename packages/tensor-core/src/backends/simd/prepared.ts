// Forms of parameters that kernels make once and read often (packed panels, transformed filters), beside the tensors they
// are made of, and freed with them.
import type { Allocator } from "./allocator.ts";

export interface PreparedForms {
  /** Address of a form of the tensor at `address`; `prepare` fills it when it is new or of an older version. */
  find(
    tensor: { readonly address: number; readonly version: number },
    form: string,
    bytes: number,
    prepare: (address: number) => void,
  ): number;
  /** Frees all forms of a tensor. */
  free(tensor: number): void;
  readonly count: number;
}

type Form = { readonly address: number; readonly bytes: number; version: number };

export function createPreparedForms(allocator: Allocator): PreparedForms {
  const byTensor = new Map<number, Map<string, Form>>();
  let count = 0;

  function make(forms: Map<string, Form>, name: string, bytes: number): Form {
    const stale = forms.get(name);
    if (stale?.bytes === bytes) return stale;
    if (stale) allocator.free(stale.address);
    else count++;
    const form = { address: allocator.allocate(bytes), bytes, version: -1 };
    forms.set(name, form);
    return form;
  }

  return {
    find({ address, version }, name, bytes, prepare) {
      const forms = byTensor.get(address) ?? new Map<string, Form>();
      byTensor.set(address, forms);
      const form = make(forms, name, bytes);
      if (form.version !== version) {
        prepare(form.address);
        form.version = version;
      }
      return form.address;
    },
    free(tensor) {
      for (const { address } of byTensor.get(tensor)?.values() ?? []) {
        allocator.free(address);
        count--;
      }
      byTensor.delete(tensor);
    },
    get count() {
      return count;
    },
  };
}
