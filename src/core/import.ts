// The one dynamic import whose target is known only at run time. A module of its own, because its comments, by which
// bundlers leave it alone, must outlive the minifier: scripts/build-js.ts builds it without one.

/** Imports a module that may be there when the program runs, and that no bundler should follow. */
export const importAtRuntime = (specifier: string): Promise<unknown> =>
  import(/* webpackIgnore: true */ /* @vite-ignore */ specifier);
