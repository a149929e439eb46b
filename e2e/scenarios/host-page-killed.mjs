import { loseHost } from "./host-lost.mjs";

export const title = "the hosting page is killed while all send: within 10 s the rest list each other and hear each other";

export default async function hostPageKilled(room) {
  await room.gather("chromium");
  await loseHost(room, { lose: (host) => host.kill() });
}
