// Where a path such as `groups[0].rules[1].expr` stands in a YAML text, for block style.

/** Counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

interface Node {
  readonly indent: number;
  /** Null for an item of a list. */
  readonly key: string | null;
  readonly place: Place;
  readonly children: Node[];
  /** Where a key's own value begins in its line. */
  readonly value: string;
}

const KEY =
  /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#{["'&*!|>%@`-][^:#]*|-[^\s:][^:]*):(?:\s+(.*))?$/;

const unquoted = (key: string): string =>
  /^".*"$|^'.*'$/.test(key) ? key.slice(1, -1) : key.trimEnd();

/** The nodes that begin in one line: items of lists ("- - x") and at most one key. */
function nodesIn(text: string, line: number): readonly Node[] {
  const found: Node[] = [];
  let at = text.length - text.trimStart().length;
  let rest = text.slice(at);
  const node = (key: string | null, value: string): Node => ({
    indent: at,
    key,
    place: { line, column: at + 1 },
    children: [],
    value,
  });
  for (let dash = /^-(\s+|$)/.exec(rest); dash !== null; dash = /^-(\s+|$)/.exec(rest)) {
    found.push(node(null, ""));
    at += dash[0].length;
    rest = text.slice(at);
  }
  const [, key, value = ""] = KEY.exec(rest) ?? [];
  if (key !== undefined) found.push(node(unquoted(key), value));
  return found;
}

/** A list may stand as deep as the key that it belongs to. */
const isBelow = (child: Node, parent: Node): boolean =>
  child.indent > parent.indent ||
  (child.indent === parent.indent && child.key === null && parent.key !== null);

function treeOf(lines: readonly string[], firstLine: number): Node {
  const root: Node = {
    indent: -1,
    key: "",
    place: { line: firstLine, column: 1 },
    children: [],
    value: "",
  };
  const open: Node[] = [root];
  let scalar: number | null = null;
  lines.forEach((text, i) => {
    const indent = text.length - text.trimStart().length;
    if (text.trim() === "") return;
    if (scalar !== null && indent > scalar) return;
    scalar = null;
    if (text.trimStart().startsWith("#")) return;
    for (const node of nodesIn(text, firstLine + i)) {
      while (open.length > 1 && !isBelow(node, open[open.length - 1] ?? root)) open.pop();
      (open[open.length - 1] ?? root).children.push(node);
      open.push(node);
      if (/^[|>]/.test(node.value)) scalar = node.indent;
    }
  });
  return root;
}

/** "a.b[0].c" as "a", "b", 0, "c"; keys with dots stand in brackets. */
function segmentsOf(path: string): readonly (string | number)[] {
  return [...path.matchAll(/\[(\d+)\]|\[([^\]]+)\]|([^.[\]]+)/g)].map(
    ([, index, bracketed, key]) =>
      index !== undefined ? Number(index) : unquoted(bracketed ?? key ?? ""),
  );
}

/** The place of the deepest part of the path that is there; null where even the first is not. */
export function placeOf(text: string, path: string, firstLine = 1): Place | null {
  let here = treeOf(text.split("\n"), firstLine);
  let found: Place | null = null;
  for (const segment of segmentsOf(path)) {
    const next =
      typeof segment === "number"
        ? here.children.filter((one) => one.key === null)[segment]
        : here.children.find((one) => one.key === segment);
    if (next === undefined) break;
    here = next;
    found = next.place;
  }
  return found;
}

/** The place that a message of a YAML reader or of PromQL's parser ends with or names. */
export function placeInMessage(message: string): Place | null {
  const places = [...message.matchAll(/line (\d+), column (\d+)/g)];
  const last = places[places.length - 1];
  return last === undefined ? null : { line: Number(last[1]), column: Number(last[2]) };
}

/** The document of a text of several that holds a resource, with its first line. */
export function documentOf(
  text: string,
  resource: { readonly kind: string; readonly name: string },
): { readonly text: string; readonly firstLine: number } | null {
  let firstLine = 1;
  for (const document of text.split(/^---.*$/m)) {
    const lines = document.split("\n");
    const tree = treeOf(lines, firstLine);
    const value = (node: Node | undefined, key: string) =>
      unquoted(node?.children.find((one) => one.key === key)?.value.trim() ?? "");
    const metadata = tree.children.find((one) => one.key === "metadata");
    const named =
      value(metadata, "name") === resource.name ||
      new RegExp(`\\bname:\\s*["']?${resource.name.replace(/[.]/g, "\\.")}["']?\\s*[,}]`).test(
        metadata?.value ?? "",
      );
    if (value(tree, "kind") === resource.kind && named) return { text: document, firstLine };
    firstLine += lines.length - 1;
  }
  return null;
}
