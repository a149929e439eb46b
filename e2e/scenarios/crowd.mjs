import { now } from "../harness/time.mjs";

export const title = "20 native members in one process and 5 pages that start together list each other within 5 s";

const LISTED = 5000;

export default async function crowd(room) {
  // A page's own process takes its time to start; the joint start is that of the members, not of their browser.
  const pages = await Promise.all(Array.from({ length: 5 }, () => room.prepare("chromium")));
  const began = now();
  room.startCrowd(20);
  await Promise.all(pages.map((page) => page.start()));
  await room.listed(LISTED - (now() - began));
  room.note(`all list all after ${Math.round(now() - began)} ms`);
  room.orderly();
}
