// Dates between 1900 and 2099 in eleven ways of writing them, none of which can be misread, and their ISO form.
import { Draw } from "neurite/data";

export type Pair = readonly [source: string, target: string];

const DAY = 86_400_000;
const FIRST = Date.UTC(1900, 0, 1) / DAY;
const DAYS = Date.UTC(2100, 0, 1) / DAY - FIRST;
/** One day in so many is never trained with, in any form. */
const HELD_OUT = 10;

const MONTHS = "January February March April May June July August September October November December".split(
  " ",
);
const WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

const two = (n: number): string => String(n).padStart(2, "0");

const ordinal = (n: number): string => {
  const last = n % 10;
  if ((n >= 11 && n <= 13) || last === 0 || last > 3) return `${String(n)}th`;
  return `${String(n)}${["st", "nd", "rd"][last - 1]}`;
};

interface Parts {
  readonly d: number;
  readonly m: number;
  readonly y: number;
  readonly month: string;
  readonly weekday: string;
}

const FORMS: readonly ((parts: Parts) => string)[] = [
  ({ d, month, y }) => `${String(d)} ${month} ${String(y)}`,
  ({ d, month, y }) => `${two(d)} ${month.slice(0, 3)} ${String(y)}`,
  ({ d, month, y }) => `${month} ${String(d)}, ${String(y)}`,
  ({ d, month, y }) => `${month.slice(0, 3)} ${ordinal(d)}, ${String(y)}`,
  ({ d, month, y }) => `the ${ordinal(d)} of ${month} ${String(y)}`,
  ({ d, month, y, weekday }) => `${weekday}, ${String(d)} ${month} ${String(y)}`,
  ({ d, month, y, weekday }) => `${weekday.slice(0, 3)} ${two(d)}-${month.slice(0, 3)}-${String(y)}`,
  ({ d, month, y }) => `${month.toUpperCase()} ${String(d)} ${String(y)}`,
  ({ d, month, y }) => `${month.toLowerCase()} ${ordinal(d)} ${String(y)}`,
  ({ d, m, y }) => `${String(d)}.${String(m)}.${String(y)}`,
  ({ d, m, y }) => `${String(y)}/${two(m)}/${two(d)}`,
];

function pairOf(day: number, form: number): Pair {
  const date = new Date((FIRST + day) * DAY);
  const [d, m, y] = [date.getUTCDate(), date.getUTCMonth() + 1, date.getUTCFullYear()];
  const parts = { d, m, y, month: MONTHS[m - 1], weekday: WEEKDAYS[date.getUTCDay()] };
  return [FORMS[form](parts), `${String(y)}-${two(m)}-${two(d)}`];
}

/** `count` drawn pairs, of days to train with or of those held out. */
export function datePairs(count: number, seed: number, heldOut: boolean): Pair[] {
  return Array.from({ length: count }, (_, i) => {
    const draw = new Draw(seed, heldOut ? 1 : 0, i, 0);
    for (;;) {
      const day = draw.integer(DAYS);
      if ((day % HELD_OUT === 0) === heldOut) return pairOf(day, draw.integer(FORMS.length));
    }
  });
}
