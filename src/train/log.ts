// Logs of a run as files: one line per epoch, as CSV or as JSON lines. The file is written whole each time, so it never
// ends in half a line, and a resumed run has the epochs before the resume in it once.
import { writeFileAtomic } from "../io/files.ts";
import type { Callback, EpochRecord } from "./events.ts";

function log(op: string, path: string, format: (records: readonly EpochRecord[]) => string): Callback {
  let records: EpochRecord[] = [];
  const write = (): Promise<void> => writeFileAtomic(path, new TextEncoder().encode(format(records)), op);
  return {
    onFitStart: ({ history }) => {
      records = [...history];
      return write();
    },
    onEpochEnd: (record) => {
      records.push(record);
      return write();
    },
  };
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** CSV (RFC 4180, lines ended by "\n"): a header of names, then a line per record; what a record lacks is left empty. */
function toCsv(records: readonly EpochRecord[]): string {
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const rows = records.map((record) => names.map((name) => (name in record ? String(record[name]) : "")));
  return [names.map(quoted), ...rows].map((row) => `${row.join(",")}\n`).join("");
}

/**
 * A callback of `fit` that keeps the epochs' figures in a CSV file: a header, then one line per epoch.
 *
 * @throws FileError when the file cannot be written.
 */
export const csvLog = (path: string): Callback => log("csvLog", path, (r) => (r.length > 0 ? toCsv(r) : ""));

/**
 * A callback of `fit` that keeps the epochs' figures in a file of JSON lines, one object per epoch. NaN and the infinities
 * become null, as JSON has no name for them.
 *
 * @throws FileError when the file cannot be written.
 */
export const jsonlLog = (path: string): Callback =>
  log("jsonlLog", path, (records) => records.map((record) => `${JSON.stringify(record)}\n`).join(""));
