import { mixture } from "../harness/values.mjs";

export const title = "all list each other, and 200 mixed messages of each reach whom they should, once, in order";

/** Ms for 200 messages and 1.1 MB of each. The lab's loss leaves a link about 115 kB/s, and the host relays it all. */
const ARRIVE = { plain: 60_000, lab: 150_000 };

export default async function exchange(room) {
  const members = await room.gather();
  const deadline = ARRIVE[room.net.kind];
  await Promise.all(
    members.map((member) => {
      const others = members.filter((other) => other !== member).map(({ id }) => id);
      return room.ledger.send(member, mixture(member.name, 200, others), deadline);
    }),
  );
  await room.ledger.heard(members, members, deadline);
  await room.ledger.fence(members);
  room.ledger.exact(members, members);
  await room.listed(1000);
  room.orderly();
}
