// Checks the house's plan: imports point down the floors, nothing imports in a circle, the library imports no package,
// files stay small and say at their top what they are for. The plan itself is in docs/architecture.md.
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import ts from "typescript";
import { filesBelow, isMain, root } from "./files.ts";

/** The floor of each folder under src/; files that lie directly in src/ are the public surface, on top of all. */
const floors: Readonly<Record<string, number>> = {
  core: 0,
  backend: 1, // the files directly in it; each backend's own folder is one floor up
  "backend/*": 2,
  tensor: 3,
  ops: 4,
  autograd: 5,
  nn: 6,
  optim: 6,
  data: 6,
  io: 6,
  inline: 6,
  text: 6,
  train: 7,
  models: 8,
};
const surface = 9;

/** Inside ops/ the rooms have an order too: a room may import from those before it and from its neighbours. */
const opsOrder: readonly (readonly string[])[] = [
  ["checks"],
  ["scalar"],
  ["algebra"],
  ["creation"],
  ["elementwise"],
  ["reduce"],
  ["assign", "conv", "indexing", "linalg", "random", "ranges", "placement", "shape"],
  ["sampling", "selection"],
  ["masking", "embedding"],
  ["diagonals", "subscript", "windows"],
  ["ordering"],
  ["attention", "softmax", "dropout", "fused", "norm", "pool", "recurrent"],
  ["similarity", "gumbel"],
  ["loss"],
  ["index"],
];

const sizedFolders = ["src", "assembly", "test", "bench", "scripts", "examples"];
const softLines = 400;
const hardLines = 600;
const bannedNames = /^(utils?|helpers?|misc|common)\.[a-z]+$/;

interface Import {
  /** As written in the source. */
  specifier: string;
  line: number;
  /** Erased by the compiler: `import type`, or only `type` names in the braces. */
  typeOnly: boolean;
}

export interface Report {
  problems: string[];
  warnings: string[];
  /** How many files were looked at. */
  files: number;
}

/** The place of a file in src/: its floor, and its rank among the rooms of ops/ (0 elsewhere). */
function placeOf(path: string): { floor: number; rank: number } | string {
  const [folder = "", second = "", third] = path.split("/");
  if (second === "") return { floor: surface, rank: 0 };
  const floor = floors[folder === "backend" && third !== undefined ? "backend/*" : folder];
  if (floor === undefined) return `src/${folder}/ has no floor; give it one in scripts/check-floors.ts`;
  if (folder !== "ops") return { floor, rank: 0 };
  const room = second.replace(/\.ts$/, "");
  const rank = opsOrder.findIndex((rooms) => rooms.includes(room));
  if (rank < 0) return `ops room "${room}" has no place in the order; give it one in scripts/check-floors.ts`;
  return { floor, rank };
}

function importsOf(path: string, text: string): Import[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
    found.push({ specifier: specifier.text, line, typeOnly });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      add(node, node.moduleSpecifier, clause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node, node.arguments[0], false);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The circles among runtime imports, each reported once, as the list of files from one back to itself. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const walk = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const target of graph.get(file) ?? []) walk(target);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) walk(file);
  return found;
}

function checkImports(project: string, report: Report): void {
  const src = join(project, "src");
  const files = filesBelow(src).filter((path) => path.endsWith(".ts"));
  const runtime = new Map<string, string[]>();
  for (const path of files) {
    const file = relative(src, path).split(sep).join("/");
    const place = placeOf(file);
    if (typeof place === "string") {
      report.problems.push(`src/${file}: ${place}`);
      continue;
    }
    const targets: string[] = [];
    runtime.set(file, targets);
    for (const { specifier, line, typeOnly } of importsOf(path, readFileSync(path, "utf8"))) {
      const where = `src/${file}:${line}`;
      if (!specifier.startsWith(".")) {
        report.problems.push(`${where}: imports "${specifier}"; the library has no dependencies`);
        continue;
      }
      const target = relative(src, resolve(dirname(path), specifier))
        .split(sep)
        .join("/");
      if (target.startsWith("..") || !existsSync(join(src, target))) {
        report.problems.push(`${where}: "${specifier}" is no file of src/`);
        continue;
      }
      const targetPlace = placeOf(target);
      if (typeof targetPlace === "string") continue; // reported for that file itself
      const what = typeOnly ? "imports types from" : "imports";
      if (targetPlace.floor > place.floor) {
        report.problems.push(
          `${where}: floor ${place.floor} ${what} src/${target} on floor ${targetPlace.floor}, above it`,
        );
      } else if (targetPlace.floor === place.floor && targetPlace.rank > place.rank && !typeOnly) {
        report.problems.push(`${where}: imports src/${target}, which comes later in the order of ops/`);
      }
      if (!typeOnly) targets.push(target);
    }
  }
  for (const cycle of cycles(runtime)) {
    report.problems.push(`imports run in a circle: ${cycle.map((file) => `src/${file}`).join(" -> ")}`);
  }
}

function checkFiles(project: string, report: Report): void {
  for (const path of sizedFolders.flatMap((folder) => filesBelow(join(project, folder)))) {
    if (!/\.(ts|mts|js|mjs)$/.test(path)) continue;
    report.files++;
    const file = relative(project, path).split(sep).join("/");
    const text = readFileSync(path, "utf8");
    const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
    if (lines > hardLines)
      report.problems.push(`${file}: ${lines} lines; ${hardLines} is the limit. Split it by concept`);
    else if (lines > softLines)
      report.warnings.push(`${file}: ${lines} lines; consider a split beyond ${softLines}`);
    if (!/^(#!.*\n)?\/[/*]/.test(text)) {
      report.problems.push(`${file}: must open with a comment that says what lives here, and why`);
    }
    if (bannedNames.test(basename(file))) {
      report.problems.push(`${file}: name the file after the one concept it holds`);
    }
  }
}

/** Checks the project in the folder `project`. */
export function checkFloors(project: string): Report {
  const report: Report = { problems: [], warnings: [], files: 0 };
  checkImports(project, report);
  checkFiles(project, report);
  return report;
}

if (isMain(import.meta.url)) {
  const { problems, warnings, files } = checkFloors(root);
  for (const warning of warnings) console.warn(`warning: ${warning}`);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(`floors: ${files} files keep to the plan`);
}
