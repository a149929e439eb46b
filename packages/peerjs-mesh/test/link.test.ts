import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Link } from "../src/driver/link.js";
import { Input, LinkEnd } from "../src/records.js";
import { FakeConnection } from "./support/fake-page.js";

beforeEach(() => {
  Object.assign(globalThis, { RTCPeerConnection: FakeConnection });
  FakeConnection.made.length = 0;
});

const FULL = 262_144;

/** A link that has been answered and is not open yet, its connection, and what it has told: kind, extra, length. */
async function opening(): Promise<{ connection: FakeConnection; comes: (size: number) => void; told: number[][] }> {
  const link = new Link({});
  const told: number[][] = [];
  link.begin(1, (kind, _, extra, bytes) => told.push([kind, extra ?? 0, bytes?.length ?? 0]), () => undefined);
  await link.prepare();
  link.accept("an answer", true);
  const connection = FakeConnection.made[0]!;
  return { connection, comes: (size) => connection.channels[0]!.onmessage!({ data: new ArrayBuffer(size) }), told };
}

test("what comes on one channel before all are open is told once they are", async () => {
  const { connection, comes, told } = await opening();
  for (const size of [5, FULL, 0, 7]) comes(size);
  assert.deepEqual(told, []);
  connection.connects();
  const received = [5, FULL, 0, 7].map((size) => [Input.LinkReceived, 0, size]);
  assert.deepEqual(told, [[Input.LinkOpened, FULL, 0], ...received]);
});

for (const [size, most] of [[FULL, 3], [FULL / 2, 7], [0, 256]] as const) {
  test(`a remote that says more than a MiB before all channels are open is given up, in frames of ${size} bytes`, async () => {
    const { connection, comes, told } = await opening();
    for (let n = 0; n < most; n++) comes(size);
    assert.deepEqual([told, connection.closed], [[], false]);
    comes(size);
    assert.deepEqual(told, [[Input.LinkClosed, LinkEnd.Failed, 0]]);
    assert(connection.closed);
  });
}
