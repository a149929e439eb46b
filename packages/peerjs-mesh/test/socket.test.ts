import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Session } from "../src/driver/socket.js";
import { Input, SessionEnd } from "../src/records.js";
import { FakeSocket } from "./support/fake-page.js";

mock.timers.enable({ apis: ["setTimeout"] });
beforeEach(() => {
  Object.assign(globalThis, { WebSocket: FakeSocket });
  FakeSocket.made.length = 0;
});

/** A session, its websocket, and what it has told. */
function opening(): { session: Session; socket: FakeSocket; told: number[][] } {
  const told: number[][] = [];
  const session = new Session("ws://h/peerjs");
  session.begin(1, (kind, id, extra) => told.push([kind, id, extra ?? 0]));
  return { session, socket: FakeSocket.made[0]!, told };
}

test("a websocket that does not open in time is given up at once, and takes no registration from a newer one later", () => {
  const { socket, told } = opening();
  mock.timers.tick(7_999);
  assert.deepEqual([told, socket.closed], [[], false]);
  mock.timers.tick(1);
  assert.deepEqual(told, [[Input.SessionClosed, 1, SessionEnd.Unreachable]]);
  assert(socket.closed);
});

test("one that is not wanted any more before it is open is closed when it is: no error in the page's console", () => {
  const { session, socket, told } = opening();
  session.close();
  assert(!socket.closed);
  socket.opens();
  assert(socket.closed);
  mock.timers.tick(20_000);
  assert.deepEqual(told, []);
});
