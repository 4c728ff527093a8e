// Tables of text: rows of a CSV file, and their columns as numbers or classes. Parsing is left to the library csv-parse,
// or to any other that gives rows.
import { FormatError, ShapeError, ValueError } from "../core/errors.ts";
import { optionalLibrary } from "./library.ts";

/** What is used of `csv-parse/sync`. */
export type CsvParse = (text: string, options: { delimiter: string; skip_empty_lines: boolean }) => unknown;

export interface ReadCsvOptions {
  /** `parse` of `csv-parse/sync`. Default: it is imported, which needs it to be installed. */
  readonly parse?: CsvParse;
  /** Default ",". */
  readonly delimiter?: string;
  /** Whether the first row names the columns; else they are "0", "1", ... Default true. */
  readonly header?: boolean;
}

/** Rows of text with named columns. */
export class Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];

  /** @throws ShapeError for a row of another length; ValueError for a column named twice. */
  constructor(columns: readonly string[], rows: readonly (readonly string[])[]) {
    this.columns = columns;
    this.rows = rows;
    const twice = columns.find((name, i) => columns.indexOf(name) !== i);
    if (twice !== undefined) {
      throw new ValueError(
        "Table",
        `every column must have a name of its own; got ${JSON.stringify(twice)} twice.`,
      );
    }
    const odd = rows.findIndex((row) => row.length !== columns.length);
    if (odd < 0) return;
    const got = `${String(rows[odd].length)} in row ${String(odd)}`;
    throw new ShapeError("Table", `every row must have ${String(columns.length)} cells; got ${got}.`);
  }

  #indexOf(op: string, name: string): number {
    const index = this.columns.indexOf(name);
    if (index >= 0) return index;
    throw new ValueError(
      op,
      `the column must be one of ${this.columns.join(", ")}; got ${JSON.stringify(name)}.`,
    );
  }

  /**
   * Columns as numbers, row by row: ready for an `ArrayDataset`. An empty cell is NaN.
   *
   * @throws FormatError for a cell that is no number, with its row and column.
   */
  numbers(columns: readonly string[] = this.columns): { data: Float32Array; shape: [number, number] } {
    const indices = columns.map((name) => this.#indexOf("numbers", name));
    const data = new Float32Array(this.rows.length * indices.length);
    this.rows.forEach((row, r) => {
      indices.forEach((index, c) => {
        const cell = row[index].trim();
        const value = cell === "" ? NaN : Number(cell);
        if (Number.isNaN(value) && cell !== "" && cell.toLowerCase() !== "nan") {
          const got = `${JSON.stringify(cell.slice(0, 40))} in row ${String(r)}, column ${JSON.stringify(columns[c])}`;
          throw new FormatError("numbers", `every cell must be a number; got ${got}.`);
        }
        data[r * indices.length + c] = value;
      });
    });
    return { data, shape: [this.rows.length, indices.length] };
  }

  /** A column as classes: the distinct texts in order, and for each row the index of its own. */
  classes(column: string): { data: Int32Array; names: string[] } {
    const index = this.#indexOf("classes", column);
    const names = [...new Set(this.rows.map((row) => row[index]))].sort();
    const numbers = new Map(names.map((name, i) => [name, i]));
    return { data: Int32Array.from(this.rows, (row) => numbers.get(row[index])!), names };
  }
}

/**
 * Reads CSV text into a table.
 *
 * @throws FormatError when the text is no CSV; ShapeError when rows differ in length; DeviceError when csv-parse is
 * neither passed nor installed.
 */
export async function readCsv(text: string, options: ReadCsvOptions = {}): Promise<Table> {
  const { delimiter = ",", header = true } = options;
  const parse =
    options.parse ?? (await optionalLibrary<{ parse: CsvParse }>("readCsv", "csv-parse/sync", "parse")).parse;
  let rows: string[][];
  try {
    rows = parse(text.replace(/^\uFEFF/, ""), { delimiter, skip_empty_lines: true }) as string[][];
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    const failure = new FormatError("readCsv", `the text must be CSV; got text that is not (${got})`);
    failure.cause = error;
    throw failure;
  }
  if (header) return new Table(rows.length > 0 ? rows[0] : [], rows.slice(1));
  return new Table(rows.length > 0 ? rows[0].map((_, i) => String(i)) : [], rows);
}
