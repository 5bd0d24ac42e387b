import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { Answered } from "./Answered";
import { ACTIONS, numbers, Table } from "./Table";

const refetch = () => undefined;
const rendered = (data: string | undefined, error: Error | null) =>
  renderToStaticMarkup(
    <Answered query={{ data, error, refetch }} what="pods">
      {(text) => <p>{text}</p>}
    </Answered>,
  );

test("what is on its way says so", () => {
  expect(rendered(undefined, null)).toContain("Loading pods …");
});

test("what was refused says why and can be asked again", () => {
  const html = rendered(undefined, new Error("control is away"));
  expect(html).toContain("control is away");
  expect(html).toContain("Try again");
  expect(html).not.toContain("from before");
});

test("what was known stays where asking again fails", () => {
  const html = rendered("cart-1", new Error("control is away"));
  expect(html.indexOf("control is away")).toBeLessThan(html.indexOf("cart-1"));
  expect(html).toContain("What follows is from before.");
  expect(rendered("cart-1", null)).toBe("<p>cart-1</p>");
});

test("a table's headings know numbers, and actions are read aloud alone", () => {
  const html = renderToStaticMarkup(
    <Table heads={["Pod", numbers("Restarts"), ACTIONS]}>
      <tr />
    </Table>,
  );
  expect(html).toContain('<th scope="col">Pod</th><th class="number" scope="col">Restarts</th>');
  expect(html).toContain('<span class="visually-hidden">Actions</span>');
});
