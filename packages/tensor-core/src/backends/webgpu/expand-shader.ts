// Shaders in variants: constants come first, so that they may size arrays, and `#if NAME`, `#if !NAME`, `#else` and `#endif`
// choose lines. WGSL has neither: its `override` constants cannot size private arrays or choose declarations.

export type ShaderConstants = Readonly<Record<string, number | boolean>>;

/** Text of a shader for given constants. A name that is not among them is false in `#if`. */
export function expandShader(text: string, constants: ShaderConstants): string {
  const enabled: string[] = [];
  const lines: string[] = [];
  const open: boolean[] = [];
  for (const line of text.split("\n")) {
    const directive = /^#(if|else|endif)(?: (!?)(\w+))?$/.exec(line);
    if (!directive) {
      if (open.includes(false)) continue;
      (line.startsWith("enable ") ? enabled : lines).push(line);
      continue;
    }
    const [, kind, not, name] = directive;
    if (kind === "if") open.push(Boolean(constants[name]) !== (not === "!"));
    else if (kind === "endif") open.pop();
    else open.push(!open.pop());
  }
  if (open.length > 0) throw new Error(`[expandShader] expected an #endif for every #if, got ${open.length} too few`);
  const declarations = Object.entries(constants).map(([name, value]) => `const ${name} = ${value};`);
  return [...enabled, ...declarations, ...lines].join("\n");
}
