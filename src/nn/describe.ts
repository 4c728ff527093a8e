// How layers print their arguments.

type Shown = number | string | boolean | readonly (number | null)[] | null;

export const showSizes = (value: Shown): string =>
  Array.isArray(value) ? `[${value.join(", ")}]` : String(value);

/** What differs from the defaults, each behind a comma. */
export const showChanged = (options: object, defaults: Readonly<Record<string, Shown>>): string =>
  Object.entries(options as Readonly<Record<string, Shown | undefined>>)
    .filter(([name, value]) => value !== undefined && name in defaults)
    .filter(([name, value]) => showSizes(value!) !== showSizes(defaults[name]))
    .map(([name, value]) => `, ${name}=${showSizes(value!)}`)
    .join("");
