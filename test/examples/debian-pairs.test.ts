// Pairs for `npm run example translate -- --file` from lists of Debian's package descriptions.
import { expect, it } from "vitest";
import { joinDescriptions } from "../../examples/translate/debian-pairs.ts";

const entry = (checksum: string, language: string, ...lines: readonly string[]): string =>
  [
    `Package: p-${checksum}`,
    `Description-md5: ${checksum}`,
    `Description-${language}: ${lines.join("\n ")}`,
  ].join("\n");

it("joins titles and paragraphs by checksum, each pair once, and leaves out what is no pair", () => {
  const english = [
    entry("a1", "en", "game of chess", "It plays", "  well.", ".", "It has a clock."),
    entry("b2", "en", "editor", "One paragraph."),
    entry("c3", "en", "game of chess", "It plays", "well.", ".", "It has a clock."),
    entry("d4", "en", "not translated"),
    entry("e5", "en", "GNU"),
    entry("f6", "en", "half", "Done.", ".", "Not done."),
  ];
  const italian = [
    entry("a1", "it", "gioco degli scacchi", "Gioca", "bene.", ".", "Ha un orologio."),
    entry("b2", "it", "editore", "Un paragrafo.", ".", "E un altro."),
    entry("c3", "it", "gioco degli scacchi", "Gioca bene.", ".", "Ha un orologio."),
    entry("e5", "it", "GNU"),
    entry("f6", "it", "metà", "Fatto.", ".", "<trans>"),
    entry("99", "it", "senza originale"),
  ];
  const pairs = joinDescriptions(`${english.join("\n\n")}\n`, `${italian.join("\n\n")}\n`);
  expect(pairs.map((line) => line.split("\t"))).toEqual([
    ["game of chess", "gioco degli scacchi"],
    ["It plays well.", "Gioca bene."],
    ["It has a clock.", "Ha un orologio."],
    ["editor", "editore"],
    ["half", "metà"],
    ["Done.", "Fatto."],
  ]);
});
