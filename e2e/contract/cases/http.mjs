import { differs, same } from "../case.mjs";

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ORIGIN = { Origin: "http://page.example" };
const type = (answer) => answer.headers.get("content-type")?.toLowerCase();
const varies = (answer, name) => (answer.headers.get("vary") ?? "").toLowerCase().split(/, */).includes(name);

export default [
  {
    name: "GET / says who it is",
    run: async (bench) => {
      const answer = await bench.http("/");
      const about = JSON.parse(answer.body);
      return [answer.status, type(answer), Object.keys(about).sort(), about.name];
    },
    expect: same([200, "application/json; charset=utf-8", ["description", "name", "website"], "PeerJS Server"]),
  },
  {
    name: "GET / for a person with a browser",
    run: async (bench) => {
      const answer = await bench.http("/", { headers: { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" } });
      return [answer.status, answer.headers.get("location")];
    },
    expect: differs({ peer: [200, null], ours: [302, "/demo/"], because: "programs do not ask for text/html first" }),
  },
  {
    name: "a fresh id is a bare UUID, and each is another",
    run: async (bench) => {
      const [one, two] = [await bench.http("/peerjs/id?ts=1&version=1.5.5"), await bench.http("/peerjs/id")];
      return [one.status, type(one), UUID_V4.test(one.body), UUID_V4.test(two.body), one.body !== two.body];
    },
    expect: same([200, "text/html; charset=utf-8", true, true, true]),
  },
  {
    name: "the key is not looked at; case and a slash at the end do not matter",
    run: async (bench) => {
      const paths = ["/nokey/id", "/peerjs/ID", "/peerjs/id/", "/Peerjs/Id/?x", "/a%20b/id", "/%C3%BC/id"];
      return Promise.all(paths.map(async (path) => UUID_V4.test((await bench.http(path)).body)));
    },
    expect: same([true, true, true, true, true, true]),
  },
  {
    name: "everything else is not found",
    run: async (bench) => {
      const paths = ["/peerjs", "/peerjs/", "/nothing", "/peerjs/id/x", "/peerjs/id//", "/id", "//id", "/peerjs/%69d",
        "/%2e%2e/%2e%2e/etc/passwd", "/peerjs/id%00", "/index.html"];
      return Promise.all(paths.map(async (path) => (await bench.http(path)).status));
    },
    expect: same(new Array(11).fill(404)),
  },
  {
    name: "other methods are not found",
    run: async (bench) => Promise.all(["POST", "PUT", "DELETE", "PATCH"].map(
      async (method) => (await bench.http("/peerjs/id", { method })).status,
    )),
    expect: same([404, 404, 404, 404]),
  },
  {
    name: "a page that is not found shows its path as text",
    run: async (bench) => (await bench.http("/<script>alert(1)</script>")).body.includes("<script>alert"),
    expect: same(false),
  },
  {
    name: "a malformed escape",
    run: async (bench) => {
      const answer = await bench.http("/%zz/id");
      return [answer.status, /node_modules|at .*:\d+:\d+/.test(answer.body)];
    },
    expect: differs({ peer: [400, true], ours: [400, false], because: "a stack trace is nobody's business" }),
  },
  {
    name: "discovery is off",
    run: async (bench) => {
      const answer = await bench.http("/peerjs/peers");
      return [answer.status, type(answer), answer.body];
    },
    expect: same([401, "text/plain; charset=utf-8", "Unauthorized"]),
  },
  {
    name: "discovery on: the ids in order of registration",
    setting: "moved",
    alone: true,
    run: async (bench) => {
      await bench.join("zoe");
      await bench.join("ann \"é\"");
      await bench.join("mia");
      const answer = await bench.http("/some/where/any/peers");
      return [answer.status, type(answer), JSON.parse(answer.body)];
    },
    expect: same([200, "application/json; charset=utf-8", ["zoe", "ann \"é\"", "mia"]]),
  },
  {
    name: "a prefix moves everything",
    setting: "moved",
    run: async (bench) => Promise.all(["/some/where", "/some/where/", "/SOME/where/k/id", "/", "/peerjs/id", "/some/wherever/"].map(
      async (path) => (await bench.http(path)).status,
    )),
    expect: same([200, 200, 200, 404, 404, 404]),
  },
  {
    name: "HEAD is GET without a body",
    run: async (bench) => Promise.all(["/", "/peerjs/id", "/peerjs/peers", "/nothing"].map(async (path) => {
      const [head, get] = [await bench.http(path, { method: "HEAD" }), await bench.http(path)];
      return [head.status, head.body, type(head) === type(get)];
    })),
    expect: same([[200, "", true], [200, "", true], [401, "", true], [404, "", true]]),
  },
  {
    name: "whatever origin asks is allowed, on every path",
    run: async (bench) => Promise.all(["/", "/peerjs/id", "/peerjs/peers", "/nothing"].map(async (path) => {
      const answer = await bench.http(path, { headers: ORIGIN });
      const allowed = answer.headers.get("access-control-allow-origin");
      return [allowed, varies(answer, "origin"), answer.headers.get("access-control-allow-credentials")];
    })),
    expect: same(new Array(4).fill([ORIGIN.Origin, true, null])),
  },
  {
    name: "without an origin none is allowed",
    run: async (bench) => {
      const answer = await bench.http("/peerjs/id");
      return [answer.headers.get("access-control-allow-origin"), varies(answer, "origin")];
    },
    expect: same([null, true]),
  },
  {
    name: "with a list only those on it are allowed, and the others still get the body",
    setting: "moved",
    run: async (bench) => Promise.all(["http://a.example", "http://b.example", "http://c.example"].map(async (origin) => {
      const answer = await bench.http("/some/where/k/id", { headers: { Origin: origin } });
      return [answer.headers.get("access-control-allow-origin"), UUID_V4.test(answer.body)];
    })),
    expect: same([["http://a.example", true], ["http://b.example", true], [null, true]]),
  },
  {
    name: "a preflight is answered on every path, with the headers it asks for",
    run: async (bench) => Promise.all(["/peerjs/id", "/nothing"].map(async (path) => {
      const headers = { ...ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-one, x-two" };
      const answer = await bench.http(path, { method: "OPTIONS", headers });
      return [
        answer.status,
        answer.body,
        answer.headers.get("access-control-allow-origin"),
        answer.headers.get("access-control-allow-methods"),
        answer.headers.get("access-control-allow-headers"),
      ];
    })),
    expect: same(new Array(2).fill([204, "", ORIGIN.Origin, "GET,HEAD,PUT,PATCH,POST,DELETE", "x-one, x-two"])),
  },
];
