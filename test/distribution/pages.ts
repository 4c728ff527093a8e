// Pages in a real browser: a static server whose headers a test chooses, and Chromium, which opens one page at a time and
// hands back what the page reports. Everything a page complains about fails it.
import { createServer } from "node:http";
import type { Server } from "node:http";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { chromium, toolFolder } from "./tools.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".wasm": "application/wasm",
};

export const strictPolicy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'";

/** What makes a page cross-origin isolated, and so gives it shared memory. */
export const isolation = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

export interface Site {
  readonly address: string;
  readonly close: () => void;
}

/** Serves a folder on a free port of this machine. `index` is what `/` answers, if it is not a file. */
export async function serve(
  folder: string,
  headers: Readonly<Record<string, string>>,
  index?: string,
): Promise<Site> {
  const server: Server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = path === "/" ? "/index.html" : path;
    try {
      const content = path === "/" && index !== undefined ? index : readFileSync(join(folder, file));
      response.writeHead(200, { "content-type": types[extname(file)] ?? "text/plain", ...headers });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${String(port)}/`, close: () => void server.close() };
}

// The part of playwright-core that is used here. The package is none of the root's, so its types are not there to check.
interface ConsoleMessage {
  type(): string;
  text(): string;
}
interface Page {
  on(event: "console", listener: (message: ConsoleMessage) => void): void;
  on(event: "pageerror", listener: (error: Error) => void): void;
  on(event: "response", listener: (response: { status(): number; url(): string }) => void): void;
  goto(address: string): Promise<unknown>;
}
interface Context {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}
interface PlaywrightBrowser {
  newContext(): Promise<Context>;
  version(): string;
  close(): Promise<void>;
}
interface Playwright {
  chromium: {
    launch(options: { executablePath: string; args: readonly string[] }): Promise<PlaywrightBrowser>;
  };
}

const flags = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

export class Browser {
  readonly #browser: PlaywrightBrowser;

  private constructor(browser: PlaywrightBrowser) {
    this.#browser = browser;
  }

  static async start(): Promise<Browser> {
    const playwright = createRequire(join(toolFolder, "..", "package.json"))("playwright-core") as Playwright;
    return new Browser(await playwright.chromium.launch({ executablePath: chromium, args: flags }));
  }

  get version(): string {
    return this.#browser.version();
  }

  close(): Promise<void> {
    return this.#browser.close();
  }

  /** Opens a page and waits for the line `outcome ...` in its console; rejects with whatever went wrong before. */
  async outcome(address: string): Promise<string> {
    const context = await this.#browser.newContext();
    try {
      const page = await context.newPage();
      return await new Promise<string>((resolve, reject) => {
        const seen: string[] = [];
        const fail = (what: string): void => {
          seen.push(what);
          // The cause is often the second complaint; give the page a moment to make it.
          setTimeout(() => {
            reject(new Error(`the page at ${address} said:\n${seen.join("\n")}`));
          }, 300);
        };
        const timer = setTimeout(() => {
          fail("nothing within 30 seconds");
        }, 30_000);
        page.on("console", (message) => {
          const text = message.text();
          // Failed requests come with their address below.
          if (message.type() === "error" && !text.startsWith("Failed to load resource")) fail(text);
          if (!text.startsWith("outcome ")) return;
          clearTimeout(timer);
          if (seen.length === 0) resolve(text);
        });
        page.on("pageerror", (error) => {
          fail(String(error));
        });
        page.on("response", (response) => {
          // The icon is asked for by the browser, not by the page.
          const asked = !response.url().endsWith("/favicon.ico");
          if (asked && response.status() >= 400)
            fail(`HTTP ${String(response.status())} for ${response.url()}`);
        });
        page.goto(address).catch((error: unknown) => {
          fail(String(error));
        });
      });
    } finally {
      await context.close();
    }
  }
}
