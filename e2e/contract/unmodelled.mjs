// What the simulator's model of npm `peer` has no notion of, so that these are not put to it.

/** Chapters that are about HTTP, and about frames that are no messages. */
export const chapters = ["http", "bad input"];

/** Cases about the handshake's address and parameters, about websockets as such, and about what no member sends. */
export const cases = [
  ...["no id", "an empty id", "no token", "an empty token", "an empty key", "an empty token and a wrong key"].map(
    (what) => `${what}: refused after a handshake that succeeds`,
  ),
  "a wrong key is an ERROR, never INVALID-KEY",
  "the last of repeated parameters counts, others are ignored, escapes are undone",
  "a plus sign in the query is a space, as clients that escape nothing send it",
  "a websocket at another path is refused in the handshake",
  "below a prefix and with another key",
  "permessage-deflate is offered and not taken",
  "a receiver that is no string",
  "a websocket ping is answered, and none is sent",
];
