// Libraries that some functions can use when they are installed. The package itself depends on none: the caller passes the
// library, or it is looked up when the function runs.
import { DeviceError } from "../core/errors.ts";
import { importAtRuntime } from "../core/import.ts";

/**
 * Imports a library at run time.
 *
 * @throws DeviceError naming what to install when it is not there.
 */
export async function optionalLibrary<T>(op: string, specifier: string, option: string): Promise<T> {
  try {
    // No bundler follows this: in bundles, the caller passes the library.
    return (await importAtRuntime(specifier)) as T;
  } catch (error) {
    const name = specifier.split("/")[0];
    const hint = `Install it (npm install ${name}), or pass it as options.${option}.`;
    const failure = new DeviceError(op, `the library "${name}" must be there; got none. ${hint}`);
    failure.cause = error;
    throw failure;
  }
}
