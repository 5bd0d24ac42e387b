import { describe, expect, test } from "vitest";
import { type Feed, receive, WAITING } from "./feed";

const add = (sum: number, delta: number): number => sum + delta;
const at = (epoch: string, seq: number, value: number): Feed<number> => ({
  kind: "following",
  epoch,
  seq,
  value,
});

describe("following a topic", () => {
  test("a snapshot starts it and the next delta moves it on", () => {
    const first = receive<number, number>(WAITING, { epoch: "01", seq: 4, snapshot: 10 }, add);
    expect(first).toEqual({ feed: at("01", 4, 10), resync: false });
    expect(receive(first.feed, { epoch: "01", seq: 5, delta: 3 }, add)).toEqual({
      feed: at("01", 5, 13),
      resync: false,
    });
  });

  test("a delta before any snapshot asks for one", () => {
    expect(receive<number, number>(WAITING, { epoch: "01", seq: 5, delta: 3 }, add)).toEqual({
      feed: WAITING,
      resync: true,
    });
  });

  test("a gap keeps what is shown and asks for a snapshot", () => {
    expect(receive(at("01", 5, 13), { epoch: "01", seq: 7, delta: 1 }, add)).toEqual({
      feed: at("01", 5, 13),
      resync: true,
    });
  });

  test("another epoch asks for a snapshot, and its snapshot is taken", () => {
    expect(receive(at("01", 5, 13), { epoch: "02", seq: 6, delta: 1 }, add).resync).toBe(true);
    expect(receive(at("01", 5, 13), { epoch: "02", seq: 0, snapshot: 1 }, add).feed).toEqual(
      at("02", 0, 1),
    );
  });

  test("what is contained already is dropped", () => {
    const feed = at("02", 5, 13);
    for (const message of [
      { epoch: "02", seq: 5, delta: 3 },
      { epoch: "02", seq: 4, snapshot: 3 },
      { epoch: "01", seq: 9, snapshot: 3 },
    ]) {
      expect(receive(feed, message, add)).toEqual({ feed, resync: false });
    }
  });
});
