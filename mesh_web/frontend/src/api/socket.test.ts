import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Revision } from "../domain/mesh";
import { REVISIONS } from "./live";
import { source } from "./socket";

/** A socket whose other end is the test. */
class Line {
  static readonly OPEN = 1;
  static readonly all: Line[] = [];
  readyState = 0;
  readonly said: unknown[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  readonly url: string;

  constructor(url: string) {
    this.url = url;
    Line.all.push(this);
  }
  send(text: string) {
    this.said.push(JSON.parse(text));
  }
  open() {
    this.readyState = Line.OPEN;
    this.onopen?.();
  }
  hear(message: unknown) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
}

const line = (): Line => Line.all.at(-1) as Line;
const revision = (number: number, state = "converged") => ({
  number,
  state,
  created_at: 100,
  ms: null,
});
const at = (seq: number, rest: object) => ({ topic: "revisions", epoch: "1", seq, ...rest });
const brief = (told: readonly Revision[] | null) =>
  told?.map(({ number, state }) => `${number} ${state}`) ?? null;

let stop: () => void;
let told: () => readonly string[] | null;
let changes: number;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Line);
  vi.stubGlobal("window", { location: { protocol: "https:", host: "mesh.example" } });
  Line.all.length = 0;
  changes = 0;
  const revisions = source("revisions", REVISIONS);
  told = () => brief(revisions.told().value);
  stop = revisions.subscribe(() => {
    changes += 1;
  });
  line().open();
});

afterEach(() => {
  stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("following revisions", () => {
  test("the socket is where the page came from, and asks for the topic", () => {
    expect(line().url).toBe("wss://mesh.example/ws/live");
    expect(line().said).toEqual([{ subscribe: "revisions" }]);
  });

  test("a new revision and one that moves on are told at once, newest first", () => {
    line().hear(at(1, { snapshot: { revisions: [revision(1)] } }));
    line().hear(at(2, { delta: { revision: revision(2, "pushing") } }));
    expect(told()).toEqual(["2 pushing", "1 converged"]);
    line().hear(at(3, { delta: { revision: revision(2) } }));
    expect(told()).toEqual(["2 converged", "1 converged"]);
    expect(changes).toBe(4);
  });

  test("after a gap what is known stays, and a snapshot is asked for once", () => {
    line().hear(at(1, { snapshot: { revisions: [revision(1)] } }));
    line().hear(at(3, { delta: { revision: revision(3) } }));
    line().hear(at(4, { delta: { revision: revision(4) } }));
    expect(told()).toEqual(["1 converged"]);
    expect(line().said).toEqual([{ subscribe: "revisions" }, { resync: "revisions" }]);
  });

  test("what cannot be read is as good as a gap", () => {
    line().hear(at(1, { snapshot: { revisions: [{ number: "one" }] } }));
    expect(told()).toBeNull();
    expect(line().said.at(-1)).toEqual({ resync: "revisions" });
  });

  test("a silent socket is asked before it is given up, then another is opened", () => {
    vi.advanceTimersByTime(10_000);
    expect(line().said.at(-1)).toEqual({ resync: "revisions" });
    vi.advanceTimersByTime(5000);
    expect(line().readyState).toBe(3);
    vi.advanceTimersByTime(300);
    expect(Line.all.length).toBe(2);
    line().open();
    expect(line().said).toEqual([{ subscribe: "revisions" }]);
  });

  test("an answer keeps the socket", () => {
    vi.advanceTimersByTime(10_000);
    line().hear(at(1, { snapshot: { revisions: [] } }));
    vi.advanceTimersByTime(6000);
    expect([Line.all.length, line().readyState]).toEqual([1, Line.OPEN]);
  });

  test("when nobody looks any more the socket closes and stays closed", () => {
    stop();
    vi.advanceTimersByTime(60_000);
    expect([Line.all.length, line().readyState]).toEqual([1, 3]);
  });
});
