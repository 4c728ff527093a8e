// Empty projects with the packed package installed: what a user has after `npm install neurite`.
import { transformSync } from "esbuild";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, run, toolFolder } from "./tools.ts";

const consumer = join(root, "test/distribution/consumer");

/** The programs that a project runs, by name: `plain`, `deterministic`, `inline`. */
export type Program = "plain" | "deterministic" | "inline";

export class Projects {
  /** Holds all projects. Its node_modules has the tools, and the package in none of its folders but the projects' own. */
  readonly folder: string;

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), "neurite-distribution-"));
    symlinkSync(toolFolder, join(this.folder, "node_modules"));
    const [{ filename }] = JSON.parse(
      run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", this.folder], root),
    ) as [{ filename: string }];
    const first = join(this.folder, "installed");
    mkdirSync(first);
    writeFileSync(join(first, "package.json"), JSON.stringify({ private: true, type: "module" }));
    run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(this.folder, filename)], first);
  }

  /** A project of its own, with the programs as sources: TypeScript, or what is left when the types are erased. */
  create(name: string, language: "ts" | "js" = "js"): string {
    const project = join(this.folder, name);
    cpSync(join(this.folder, "installed"), project, { recursive: true });
    mkdirSync(join(project, "src"));
    for (const file of readdirSync(consumer).filter((file) => file.endsWith(".ts"))) {
      const source = readFileSync(join(consumer, file), "utf8");
      if (language === "ts") writeFileSync(join(project, "src", file), source);
      else writeFileSync(join(project, "src", file.replace(/ts$/, "js")), erased(source));
    }
    return project;
  }
}

const erased = (source: string): string =>
  transformSync(source, { loader: "ts", target: "es2022", format: "esm" }).code;

/** The package's manifest as it was installed. */
export const installedManifest = (project: string): { exports: Record<string, unknown> } =>
  JSON.parse(readFileSync(join(project, "node_modules/neurite/package.json"), "utf8")) as {
    exports: Record<string, unknown>;
  };
