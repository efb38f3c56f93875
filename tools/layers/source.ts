// What a source file reaches for: the modules it imports and the global names it uses, read from its syntax tree alone.
import { createRequire } from "node:module";
import type ts from "typescript";

// Required, not imported: under jiti/register an import would first be rewritten, half a minute for nine megabytes.
const compiler: typeof ts = createRequire(import.meta.url)("typescript");

export type Import = { readonly specifier: string; readonly typeOnly: boolean; readonly line: number };
/** A use of a global, as a dotted path without `globalThis.`: `Math`, `Math.random`, `WebAssembly.Module`. */
export type GlobalUse = { readonly name: string; readonly line: number };
export type Source = { readonly imports: ReadonlyArray<Import>; readonly globals: ReadonlyArray<GlobalUse> };

export function readSource(path: string, text: string): Source {
  const kind = path.endsWith("x") ? compiler.ScriptKind.TSX : compiler.ScriptKind.TS;
  const file = compiler.createSourceFile(path, text, compiler.ScriptTarget.ES2022, true, kind);
  const declared = new Set<string>();
  visit(file, (node) => {
    const name = declaredName(node);
    if (name !== undefined && !isAmbient(node)) declared.add(name);
  });
  const imports: Import[] = [];
  const globals: GlobalUse[] = [];
  const lineOf = (node: ts.Node) => file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
  visit(file, (node) => {
    const found = importOf(node);
    if (found !== undefined) imports.push({ ...found, line: lineOf(node) });
    for (const name of globalNames(node, declared)) globals.push({ name, line: lineOf(node) });
  });
  return { imports, globals };
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  node.forEachChild((child) => visit(child, see));
}

function importOf(node: ts.Node): Omit<Import, "line"> | undefined {
  if (compiler.isImportDeclaration(node)) {
    return literal(node.moduleSpecifier, node.importClause?.phaseModifier === compiler.SyntaxKind.TypeKeyword);
  }
  if (compiler.isExportDeclaration(node)) return literal(node.moduleSpecifier, node.isTypeOnly);
  if (compiler.isImportTypeNode(node)) {
    return compiler.isLiteralTypeNode(node.argument) ? literal(node.argument.literal, true) : undefined;
  }
  if (compiler.isExternalModuleReference(node)) return literal(node.expression, false);
  if (compiler.isCallExpression(node) && node.expression.kind === compiler.SyntaxKind.ImportKeyword) {
    return literal(node.arguments[0], false);
  }
  return undefined;
}

function literal(node: ts.Node | undefined, typeOnly: boolean): Omit<Import, "line"> | undefined {
  return node !== undefined && compiler.isStringLiteralLike(node) ? { specifier: node.text, typeOnly } : undefined;
}

function declaredName(node: ts.Node): string | undefined {
  const names =
    compiler.isVariableDeclaration(node) ||
    compiler.isParameter(node) ||
    compiler.isBindingElement(node) ||
    compiler.isFunctionLike(node) ||
    compiler.isClassLike(node) ||
    compiler.isInterfaceDeclaration(node) ||
    compiler.isTypeAliasDeclaration(node) ||
    compiler.isTypeParameterDeclaration(node) ||
    compiler.isModuleDeclaration(node) ||
    compiler.isEnumDeclaration(node) ||
    compiler.isImportClause(node) ||
    compiler.isImportSpecifier(node) ||
    compiler.isNamespaceImport(node) ||
    compiler.isImportEqualsDeclaration(node);
  // Methods have names too, but a member is not a binding.
  if (!names || compiler.isMethodDeclaration(node) || compiler.isMethodSignature(node) || compiler.isAccessor(node))
    return undefined;
  return node.name !== undefined && compiler.isIdentifier(node.name) ? node.name.text : undefined;
}

// `declare const X` names a global that some library file lacks; it makes nothing local.
function isAmbient(node: ts.Node): boolean {
  for (let at: ts.Node | undefined = node; at !== undefined && !compiler.isSourceFile(at); at = at.parent) {
    if (compiler.canHaveModifiers(at) && at.modifiers?.some(({ kind }) => kind === compiler.SyntaxKind.DeclareKeyword))
      return true;
  }
  return false;
}

function globalNames(node: ts.Node, declared: ReadonlySet<string>): string[] {
  if (compiler.isBindingElement(node)) return destructuredName(node, declared);
  const isMember =
    compiler.isPropertyAccessExpression(node) ||
    compiler.isElementAccessExpression(node) ||
    compiler.isQualifiedName(node);
  if (!isMember && !(compiler.isIdentifier(node) && isReference(node))) return [];
  const path = dotted(node);
  return path === undefined ? [] : withoutGlobalThis(path, declared);
}

// `const { random } = Math` reaches for the same thing as `Math.random`.
function destructuredName(node: ts.BindingElement, declared: ReadonlySet<string>): string[] {
  const { initializer } = node.parent.parent as ts.VariableDeclaration;
  const owner = initializer === undefined ? undefined : dotted(initializer);
  const key = node.propertyName ?? node.name;
  if (owner === undefined || !compiler.isIdentifier(key)) return [];
  return withoutGlobalThis([...owner, key.text], declared);
}

function withoutGlobalThis(path: ReadonlyArray<string>, declared: ReadonlySet<string>): string[] {
  if (path[0] === "globalThis") return path.length > 1 ? [path.slice(1).join(".")] : [];
  return declared.has(path[0]) ? [] : [path.join(".")];
}

function dotted(node: ts.Node): string[] | undefined {
  if (compiler.isIdentifier(node)) return [node.text];
  if (
    compiler.isParenthesizedExpression(node) ||
    compiler.isAsExpression(node) ||
    compiler.isSatisfiesExpression(node)
  ) {
    return dotted(node.expression);
  }
  if (compiler.isNonNullExpression(node)) return dotted(node.expression);
  if (compiler.isQualifiedName(node)) return append(dotted(node.left), node.right.text);
  if (compiler.isPropertyAccessExpression(node)) return append(dotted(node.expression), node.name.text);
  if (compiler.isElementAccessExpression(node) && compiler.isStringLiteralLike(node.argumentExpression)) {
    return append(dotted(node.expression), node.argumentExpression.text);
  }
  return undefined;
}

function append(path: string[] | undefined, name: string): string[] | undefined {
  return path === undefined ? undefined : [...path, name];
}

// An identifier that stands for a value or a type, rather than naming a member or a declaration.
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (compiler.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (compiler.isQualifiedName(parent)) return parent.left === node;
  if (compiler.isBindingElement(parent)) return parent.initializer === node;
  if (compiler.isShorthandPropertyAssignment(parent)) return true;
  if (compiler.isImportSpecifier(parent) || compiler.isImportClause(parent) || compiler.isNamespaceImport(parent))
    return false;
  if (
    compiler.isLabeledStatement(parent) ||
    compiler.isBreakOrContinueStatement(parent) ||
    compiler.isMetaProperty(parent)
  )
    return false;
  if (compiler.isExportSpecifier(parent)) return false;
  return (parent as { name?: ts.Node }).name !== node;
}
