import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { asRoom, hue, initials, isRoom, newRoom, roomOf, together } from "../src/room/names.js";

const { rooms } = JSON.parse(readFileSync(new URL("../../../testdata/options.json", import.meta.url), "utf8")) as {
  rooms: { good: string[]; bad: string[] };
};

test("the page takes the rooms that the package takes, and no others", () => {
  for (const name of rooms.good) assert.ok(isRoom(name), name);
  for (const name of rooms.bad) assert.ok(!isRoom(name), JSON.stringify(name));
});

test("rooms that are made up, or made of what somebody types, can be rooms", () => {
  for (let i = 0; i < 200; i++) assert.ok(isRoom(newRoom()));
  for (const [typed, room] of [["Ann's tea!", "Ann-s-tea"], ["  café  crème ", "cafe-creme"], ["a--b__c", "a-b-c"], ["x".repeat(200), "x".repeat(64)]]) {
    assert.equal(asRoom(typed!), room);
    assert.ok(isRoom(asRoom(typed!)));
  }
  for (const typed of ["", "!?", "日本"]) assert.equal(asRoom(typed), "");
});

test("an address may name any room, and break no page", () => {
  for (const [hash, room] of [["", ""], ["#", ""], ["#lobby", "lobby"], ["#a%20b", "a b"], ["#100%", "100%"], ["#%E0%A4", "%E0%A4"]]) {
    assert.equal(roomOf(hash!), room);
  }
});

test("every name has initials and a colour of its own", () => {
  for (const [name, letters] of [["Ann", "A"], ["ann example", "AE"], ["Gerda von Altenburg", "GA"], ["  ", "?"], ["🦊 Fox", "F"], ["ßeta", "SS"], ["Guest 217", "G2"]]) {
    assert.equal(initials(name!), letters, name);
  }
  const hues = ["P0", "P1", "P2", "P3"].map(hue);
  for (const one of hues) assert.ok(one >= 0 && one < 360);
  assert.ok(hues.every((one, i) => i === 0 || Math.abs(one - hues[i - 1]!) > 30), hues.join());
});

test("who has come is told in one sentence", () => {
  assert.equal(together(["Ann"]), "Ann is");
  assert.equal(together(["Ann", "Ben"]), "Ann and Ben are");
  assert.equal(together(["Ann", "Ben", "Cleo"]), "Ann, Ben and Cleo are");
  assert.equal(together(["Ann", "Ben", "Cleo", "Dora", "Emil"]), "Ann, Ben and 3 others are");
});
