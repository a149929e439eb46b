import { OPEN, pass, same } from "../case.mjs";
import { fresh } from "../client.mjs";

const offer = (dst, payload) => ({ type: "OFFER", dst, payload });
const shape = ({ type, payload }) => (payload === undefined ? type : `${type} ${payload}`);

export default [
  {
    name: "what waits is delivered after OPEN, in order, to whoever takes the id",
    run: async (bench) => {
      const [ann, id] = [await bench.join(), fresh()];
      ann.say(offer(id, 1));
      ann.say({ type: "CANDIDATE", dst: id, payload: 2 });
      ann.say({ type: "ANSWER", dst: id, payload: 3 });
      ann.say({ type: "LEAVE", dst: id, payload: 4 });
      ann.say({ type: "EXPIRE", dst: id, payload: 5 });
      await ann.heardBy(ann, ann.id);
      const bob = await bench.dial({ id, token: "whatever" });
      return (await bob.take(4)).map(shape).concat((await ann.heardBy(bob, id)).map(shape));
    },
    expect: same(["OPEN", "OFFER 1", "CANDIDATE 2", "ANSWER 3"]),
  },
  {
    name: "EXPIRE, exactly as text, after the timeout and within a sweep",
    run: async (bench) => {
      const [ann, id, start] = [await bench.join(), fresh(), performance.now()];
      ann.say(offer(id, 1));
      const text = await ann.nextRaw();
      const ms = performance.now() - start;
      return { text: text === `{"type":"EXPIRE","src":"${id}","dst":"${ann.id}"}`, early: ms < 950, late: ms > 4_000 };
    },
    expect: same({ text: true, early: false, late: false }),
  },
  {
    name: "one EXPIRE per sender and receiver; what came later dies with the queue",
    run: async (bench) => {
      const [ann, eve, id, other] = [await bench.join(), await bench.join(), fresh("x"), fresh("y")];
      ann.say(offer(id, 1));
      await pass(700);
      ann.say({ type: "CANDIDATE", dst: id, payload: 2 });
      eve.say(offer(id, 3));
      const first = [await ann.next(), await eve.next()];
      ann.say(offer(other, 4));
      const second = await ann.next();
      const late = await bench.dial({ id, token: "t" });
      const open = await late.next();
      return {
        first: first.map((frame) => frame.type === "EXPIRE" && frame.src === id),
        second: second.type === "EXPIRE" && second.src === other,
        late: [open, await ann.heardBy(late, id)],
      };
    },
    expect: same({ first: [true, true], second: true, late: [OPEN, []] }),
  },
  {
    name: "a message sent after the sweep waits anew and expires anew",
    run: async (bench) => {
      const [ann, id] = [await bench.join(), fresh()];
      ann.say(offer(id, 1));
      const first = await ann.next();
      ann.say(offer(id, 2));
      return [first.type, (await ann.next()).type];
    },
    expect: same(["EXPIRE", "EXPIRE"]),
  },
  {
    name: "a message outlives its sender",
    run: async (bench) => {
      const [ann, id] = [await bench.join(), fresh()];
      ann.say(offer(id, "from the grave"));
      await ann.heardBy(ann, ann.id);
      await ann.close();
      const bob = await bench.dial({ id, token: "t" });
      return (await bob.take(2)).map(shape);
    },
    expect: same(["OPEN", "OFFER from the grave"]),
  },
  {
    name: "a client that offers to a free id and then takes it gets its own offer",
    run: async (bench) => {
      const [ann, id] = [await bench.join(), fresh()];
      ann.say(offer(id, "mine"));
      await ann.heardBy(ann, ann.id);
      const host = await bench.dial({ id, token: "t" });
      const [open, own] = await host.take(2);
      return [open, own.src === ann.id, own.payload];
    },
    expect: same([OPEN, true, "mine"]),
  },
  {
    name: "without a receiver nothing waits",
    run: async (bench) => {
      const ann = await bench.join();
      for (const dst of [undefined, null, "", false, 0]) ann.say({ type: "OFFER", dst, payload: 1 });
      const absent = fresh();
      ann.say(offer(absent, 1));
      return (await ann.next()).src === absent;
    },
    expect: same(true),
  },
  {
    name: "after a reset of its connection a client is absent: EXPIRE, not LEAVE",
    run: async (bench) => {
      const [ann, bob] = [await bench.join(), await bench.join()];
      bob.ws._socket.resetAndDestroy();
      // Until the server has noticed, messages go to the dead socket.
      const repeat = setInterval(() => ann.say(offer(bob.id, 1)), 50);
      try {
        return (await ann.next()).type;
      } finally {
        clearInterval(repeat);
      }
    },
    expect: same("EXPIRE"),
  },
];
