// Checks both kernel binaries against what TypeScript declares: the only import is memory, there is no data and no
// mutable state, and the exports are the declared kernels, no more and no fewer, with the declared signatures.
import { decode, type FunctionType } from "@webassemblyjs/wasm-parser";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isMain, root } from "./files.ts";

/** A signature as words: parameter types, then `->` and the result types. */
export type SignatureTypes = string;

/**
 * Reads a declaration of src/backend/wasm/signatures.ts, such as `"xPtr n lr:f32 -> i32"`: names separated by blanks,
 * of type i32 unless a suffix says otherwise, then optionally the result.
 */
export function declaredTypes(declaration: string): SignatureTypes {
  const [params = "", result = ""] = declaration.split("->");
  const types = params
    .split(/\s+/)
    .filter((word) => word !== "")
    .map((word) => word.split(":")[1] ?? "i32");
  return `${types.join(" ")} -> ${result.trim()}`.trim();
}

function exportedTypes(type: FunctionType): SignatureTypes {
  return `${type.params.map((param) => param.valtype).join(" ")} -> ${type.results.join(" ")}`.trim();
}

/** All the ways in which the binary differs from the declarations; empty when it is right. */
export function checkModule(bytes: Uint8Array, declarations: Readonly<Record<string, string>>): string[] {
  const problems: string[] = [];
  // The decoder knows no SIMD opcodes, hence no code section; V8 has validated that part when it compiles the module.
  const fields = decode(Uint8Array.from(bytes).buffer, { ignoreCodeSection: true }).body[0].fields;

  const imports = fields.filter((field) => field.type === "ModuleImport");
  for (const { module, name, descr } of imports) {
    if (descr.type !== "Memory")
      problems.push(`imports ${module}.${name} (${descr.type}): only memory may be imported`);
  }
  const memories = imports.filter((field) => field.descr.type === "Memory").length;
  if (memories !== 1) problems.push(`imports ${memories} memories; one is expected`);

  for (const field of fields) {
    if (field.type === "Data") problems.push("has a data segment: kernels must not own memory");
    if (field.type === "Start")
      problems.push("has a start function: kernels must not run code on instantiation");
    if (field.type === "Memory") problems.push("defines a memory of its own");
    if (field.type === "Global" && field.globalType.mutability === "var") {
      problems.push(`has a mutable global (${field.globalType.valtype}): kernels must not hold state`);
    }
  }

  const functions = fields.filter((field) => field.type === "Func");
  const exported = new Set<string>();
  for (const field of fields) {
    if (field.type !== "ModuleExport") continue;
    if (field.descr.exportType !== "Func") {
      problems.push(`exports ${field.name} (${field.descr.exportType}): only functions may be exported`);
      continue;
    }
    exported.add(field.name);
    const declaration = declarations[field.name];
    const func = functions[field.descr.id.value];
    if (declaration === undefined) {
      problems.push(`exports ${field.name}, which signatures.ts does not declare`);
    } else if (func === undefined) {
      problems.push(`exports ${field.name}, which is no function of the module`);
    } else if (exportedTypes(func.signature) !== declaredTypes(declaration)) {
      problems.push(
        `${field.name} is (${exportedTypes(func.signature)}); signatures.ts says (${declaredTypes(declaration)})`,
      );
    }
  }
  for (const name of Object.keys(declarations)) {
    if (!exported.has(name)) problems.push(`does not export ${name}, which signatures.ts declares`);
  }
  return problems;
}

async function main(): Promise<void> {
  const folder = join(root, "src/backend/wasm");
  const url = pathToFileURL(join(folder, "signatures.ts")).href;
  const { kernelSignatures } = (await import(url)) as { kernelSignatures: Record<string, string> };
  const count = Object.keys(kernelSignatures).length;
  for (const name of ["kernels.wasm", "kernels-relaxed.wasm"]) {
    const path = join(folder, name);
    const problems = existsSync(path)
      ? checkModule(readFileSync(path), kernelSignatures)
      : ["is missing; run: npm run build:wasm"];
    for (const problem of problems) console.error(`${name} ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
    else console.log(`${name}: ${count} kernels as declared, ${readFileSync(path).length} bytes`);
  }
}

if (isMain(import.meta.url)) await main();
