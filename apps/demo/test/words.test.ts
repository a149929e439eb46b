import assert from "node:assert/strict";
import { test } from "node:test";
import { mesh, MeshError } from "peerjs-mesh";
import { codeOf, toldError } from "../../../packages/peerjs-mesh/src/errors.js";
import { inPlainWords, isStranger } from "../src/room/words.js";

/** Words of those who build this, never of those who use it; and ids. */
const JARGON = /signal|peer|mesh|host|option|init|sync|webrtc|websocket|wasm|assembly|json|port\b|turn server|report|not supported|undefined|_|[0-9a-f]{8}/i;

/** Numbers past the last one stand for "internal". */
const CODES = [...new Set(Array.from({ length: 200 }, (_, number) => codeOf(number)))];

/** What the package throws or tells, with everything in it that people should not have to read. */
const detail = "0a1b2c3d: signalling server said {\"type\":\"ERROR\"}";

test("of every error a person is told in whole sentences without jargon", () => {
  assert.equal(CODES.length, 24);
  for (const code of CODES) {
    for (const error of [new MeshError(code), toldError(code, detail), new MeshError(code, detail, { cause: new Error(detail) })]) {
      const text = inPlainWords(error);
      assert.match(text, /^[A-Z][^]{8,}\.$/, code);
      assert.doesNotMatch(text, JARGON, code);
    }
  }
});

test("what is no error of the package is told without jargon too", () => {
  for (const error of [new TypeError("x.peers is not iterable"), "closed", undefined]) {
    assert.match(inPlainWords(error), /^[A-Z][^]{8,}\.$/);
    assert.doesNotMatch(inPlainWords(error), JARGON);
  }
});

test("that another kind of program was turned away is no fault of the browser", () => {
  const error = toldError("unsupported", "8c1f0a52-room");
  assert.ok(isStranger(error));
  assert.match(inPlainWords(error), /another kind of program/i);
  assert.doesNotMatch(inPlainWords(error), /browser/);
});

test("a browser without what calls need is told so, and which browsers can", () => {
  // Node has no RTCPeerConnection.
  const thrown = ((): unknown => {
    try {
      return mesh("room", { connection: { host: "nowhere.invalid", config: { iceServers: [] } } });
    } catch (error) {
      return error;
    }
  })();
  const noModule = new MeshError("unsupported", "WebAssembly: CompileError", { cause: new Error("refused") });
  for (const error of [thrown, noModule]) {
    assert.ok(error instanceof MeshError && error.code === "unsupported");
    assert.ok(!isStranger(error));
    assert.match(inPlainWords(error), /^This browser cannot take part.*Firefox/);
  }
});
