// The packed package, installed in empty projects, where its users are: three TypeScripts, Node, Deno, Bun, pages in
// Chromium served with and without cross-origin isolation and under a strict policy, and four bundlers as they come.
// One row per environment; the table at the end says what each of them chose, and a row that did not run fails.
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle, bundlers, pageWith, prepare } from "./bundlers.ts";
import type { Outcome, ThreadsOutcome } from "./consumer/outcome.ts";
import { Browser, isolation, serve, strictPolicy } from "./pages.ts";
import type { Site } from "./pages.ts";
import { installedManifest, Projects } from "./projects.ts";
import type { Program } from "./projects.ts";
import { root, run, runtimeBinary, toolFolder, userEnvironment } from "./tools.ts";

const expectedCells = 38;

let projects: Projects;
let browser: Browser;
const table: [environment: string, result: string][] = [];

beforeAll(async () => {
  projects = new Projects();
  browser = await Browser.start();
});

afterAll(async () => {
  await browser.close();
  rmSync(projects.folder, { recursive: true });
  const width = Math.max(...table.map(([environment]) => environment.length));
  console.log(table.map(([environment, result]) => `${environment.padEnd(width)}  ${result}`).join("\n"));
});

/** One environment: the test that runs it, and its row. */
function cell(environment: string, check: () => Promise<string> | string): void {
  it(environment, async () => {
    table.push([environment, "FAILED"]);
    table[table.length - 1][1] = await check();
  });
}

const outcomeOf = (printed: string): Outcome => {
  const line = printed.split("\n").find((line) => line.startsWith("outcome "));
  if (line === undefined) throw new Error(`no outcome in:\n${printed}`);
  return JSON.parse(line.slice("outcome ".length)) as Outcome;
};

const threadsOutcomeOf = (printed: string): ThreadsOutcome =>
  JSON.parse(printed.slice("outcome ".length)) as ThreadsOutcome;

/** The losses of the strict kernels, which do not depend on the machine. */
let strictLosses: readonly number[] | undefined;

/** What every run must have achieved; the words for its row. */
function judge(
  { first, last, restored, backend }: Outcome,
  program: Program,
  shared: boolean,
  inPage = true,
): string {
  expect(restored).toBe(true);
  expect(first).toBeGreaterThan(0.2);
  // The two builds round differently; 200 steps later that shows in the fifth digit at most.
  expect(Math.abs(last - 8.925e-5)).toBeLessThan(1e-3 * 8.925e-5);
  expect(backend).toMatchObject({ backend: "wasm", sharedMemory: shared });
  if (program === "deterministic") {
    expect(backend.build).toBe("strict");
    strictLosses ??= [first, last];
    expect([first, last]).toEqual(strictLosses);
  }
  const { build, sharedMemory, threads, threadsReason } = backend;
  // Every machine that runs this suite has several processors.
  expect(threads > 1, threadsReason).toBe(shared && !(inPage && program === "inline"));
  const words = [String(build), sharedMemory ? "shared" : "unshared", `threads ${String(threads)}`];
  return `${words.join(", ")}, loss ${first.toFixed(4)} -> ${last.toExponential(4)}`;
}

describe("TypeScript", () => {
  const settings = {
    bundler: { module: "esnext", moduleResolution: "bundler", lib: ["es2022", "dom"], types: [] },
    nodenext: { module: "nodenext", lib: ["es2022"], types: ["node"] },
  };
  const entries = (project: string): string[] =>
    Object.keys(installedManifest(project).exports).filter((path) => !/\.(wasm|json|js)$/.test(path));

  for (const version of ["5.9", "6.0", "7.0"]) {
    for (const [setting, options] of Object.entries(settings)) {
      cell(`TypeScript ${version}, ${setting}`, () => {
        const project = projects.create(`types-${version}-${setting}`, "ts");
        const imported = readFileSync(join(project, "src/entries.ts"), "utf8").matchAll(/"neurite(.*)"/g);
        expect([...imported].map(([, path]) => `.${path}`).sort()).toEqual(entries(project).sort());
        const compilerOptions = {
          ...options,
          target: "es2022",
          strict: true,
          noEmit: true,
          skipLibCheck: false,
        };
        writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["src"] }));
        const compiler = join(toolFolder, `typescript-${version}`, "bin/tsc");
        expect(run(process.execPath, [compiler, "--version"], project)).toContain(`Version ${version}.`);
        run(process.execPath, [compiler, "-p", "."], project);
        return `${String(entries(project).length)} entries compile without skipLibCheck`;
      });
    }
  }
});

describe("runtimes", () => {
  const runtimes: [name: string, command: () => string, args: string[]][] = [
    ["Node", () => process.execPath, []],
    // What a program that reads its own files needs, and nothing else.
    ["Deno", () => runtimeBinary("@deno", "deno"), ["run", "--no-prompt", "--allow-read"]],
    ["Bun", () => runtimeBinary("@oven", "bin/bun"), []],
  ];
  for (const [name, command, args] of runtimes) {
    cell(`${name}, threads`, () => {
      const project = projects.create(`${name}-threads`);
      const { threads, ready, equal } = threadsOutcomeOf(
        run(command(), [...args, "src/threads.js"], project),
      );
      expect({ ready, equal }).toEqual({ ready: threads, equal: true });
      return `${String(threads)} threads, the bits of one`;
    });
    for (const program of ["plain", "deterministic", "inline"] as const) {
      cell(`${name}, ${program}`, () => {
        const project = projects.create(`${name}-${program}`);
        const printed = run(command(), [...args, `src/${program}.js`], project);
        const version = run(command(), ["--version"], project).split("\n")[0];
        return `${judge(outcomeOf(printed), program, true, false)} (${version})`;
      });
    }
  }
});

/** The two kinds of page. */
const kinds = [
  ["no isolation", {}, false],
  ["COOP and COEP", isolation, true],
] as const;

const policy = { "content-security-policy": strictPolicy };

async function open(site: Promise<Site>): Promise<string> {
  const { address, close } = await site;
  try {
    return await browser.outcome(address);
  } finally {
    close();
  }
}

describe("Chromium without a bundler", () => {
  const map = (project: string): string => {
    const imports = Object.entries(installedManifest(project).exports)
      .filter(([, target]) => typeof target === "object")
      .map(([path, target]) => [
        path.replace(".", "neurite"),
        `/node_modules/neurite/${(target as { default: string }).default}`,
      ]);
    return JSON.stringify({ imports: Object.fromEntries(imports) as Record<string, string> });
  };
  for (const [kind, headers, shared] of kinds) {
    cell(`Chromium, import map, ${kind}`, async () => {
      const project = projects.create(`map-${String(shared)}`);
      const page = pageWith(
        `<script type="importmap">${map(project)}</script><script type="module" src="src/plain.js"></script>`,
      );
      return judge(outcomeOf(await open(serve(project, headers, page))), "plain", shared);
    });

    for (const program of ["plain", "deterministic"] as const) {
      cell(`Chromium, plain paths, ${program}, CSP, ${kind}`, async () => {
        const project = projects.create(`paths-${program}-${String(shared)}`);
        withPlainPaths(project, program);
        const page = pageWith(`<script type="module" src="src/${program}.js"></script>`);
        return judge(outcomeOf(await open(serve(project, { ...headers, ...policy }, page))), program, shared);
      });
    }
  }

  cell("Chromium, threads, CSP, COOP and COEP", async () => {
    const project = projects.create("threads");
    withPlainPaths(project, "threads");
    const page = pageWith('<script type="module" src="src/threads.js"></script>');
    const printed = await open(serve(project, { ...isolation, ...policy }, page));
    const { threads, ready, equal } = threadsOutcomeOf(printed);
    expect({ ready, equal }).toEqual({ ready: threads, equal: true });
    return `${String(threads)} threads, the bits of one`;
  });

  it("the policy is in force: without 'wasm-unsafe-eval' the kernels do not compile", async () => {
    const project = projects.create("refused");
    withPlainPaths(project, "plain");
    const page = pageWith('<script type="module" src="src/plain.js"></script>');
    const refusing = { "content-security-policy": "default-src 'self'; script-src 'self'" };
    await expect(open(serve(project, refusing, page))).rejects.toThrow(/Content Security Policy/);
  });

  /** Import maps are inline scripts, which the policy refuses: the page names the files themselves. */
  function withPlainPaths(project: string, program: Program | "threads"): void {
    for (const name of [program, "train"]) {
      const path = join(project, "src", `${name}.js`);
      const code = readFileSync(path, "utf8").replace(
        /from "neurite\/?(\w*)"/g,
        (_, area: string) => `from "/node_modules/neurite/dist/${area || "index"}.js"`,
      );
      writeFileSync(path, code);
    }
  }
});

describe("bundled without configuration", () => {
  const documented = readFileSync(join(root, "docs/bundling.md"), "utf8");

  for (const bundler of bundlers) {
    const built = new Map<string, ReturnType<typeof bundle>>();
    for (const [kind, headers, shared] of kinds) {
      cell(`${bundler.name}, CSP, ${kind}`, async () => {
        for (const command of bundler.commands) expect(documented).toContain(command);
        const name = bundler.name.replace(/\W+/g, "-");
        let project = join(projects.folder, name);
        if (!built.has(name)) {
          project = projects.create(name);
          prepare(project, bundler);
          built.set(name, bundle(project, bundler));
        }
        const { gzip, binaries } = built.get(name)!;
        expect(binaries).toBe(bundler.binaries);
        const outcome = outcomeOf(await open(serve(join(project, "dist"), { ...headers, ...policy })));
        return `${judge(outcome, bundler.program, shared)}, ${(gzip / 1000).toFixed(1)} kB of code`;
      });
    }
  }

  cell("Vite, development server", async () => {
    const project = projects.create("vite-server");
    prepare(project, bundlers[0]);
    const server = spawn(join(toolFolder, ".bin/vite"), ["--host", "127.0.0.1"], {
      cwd: project,
      env: userEnvironment(),
    });
    try {
      const address = await new Promise<string>((resolve, reject) => {
        let said = "";
        server.stdout.on("data", (text: Buffer) => {
          said += String(text);
          const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said);
          if (found) resolve(found[0]);
        });
        server.on("exit", () => {
          reject(new Error(`vite ended:\n${said}`));
        });
      });
      return judge(outcomeOf(await browser.outcome(address)), "plain", false);
    } finally {
      server.kill();
    }
  });
});

it("every environment ran", () => {
  expect(table.length).toBe(expectedCells);
  expect(table.filter(([, result]) => result === "FAILED")).toEqual([]);
});
