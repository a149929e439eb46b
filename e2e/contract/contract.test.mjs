// One suite of cases, put to both servers, and to the simulator's model of npm `peer`. A case passes if the server does
// what the case says that server does, the model what npm `peer` does; where ours differs the case says why.

import { deepStrictEqual, strictEqual } from "node:assert";
import { after, before, describe, test } from "node:test";

import { settings } from "./case.mjs";
import absent from "./cases/absent.mjs";
import admission from "./cases/admission.mjs";
import badInput from "./cases/bad-input.mjs";
import http from "./cases/http.mjs";
import lifetimes from "./cases/lifetimes.mjs";
import relaying from "./cases/relaying.mjs";
import { Bench } from "./client.mjs";
import { kinds, start } from "./servers.mjs";
import * as unmodelled from "./unmodelled.mjs";

const suite = { admission, relaying, absent, lifetimes, "bad input": badInput, http };

/** What is put to this kind of server, by chapter. */
function* put(kind) {
  for (const [chapter, cases] of Object.entries(suite)) {
    if (kind !== "model") yield [chapter, cases];
    else if (!unmodelled.chapters.includes(chapter)) {
      yield [chapter, cases.filter(({ name }) => !unmodelled.cases.includes(name))];
    }
  }
}

test("what the model has no notion of stands in the suite", () => {
  const names = Object.values(suite).flat().map(({ name }) => name);
  for (const name of unmodelled.cases) strictEqual(names.includes(name), true, name);
  for (const chapter of unmodelled.chapters) strictEqual(chapter in suite, true, chapter);
});

for (const kind of Object.keys(kinds)) {
  describe(kind, () => {
    const servers = new Map();
    before(async () => {
      for (const [name, options] of Object.entries(settings)) servers.set(name, await start(kind, options));
    });
    after(async () => {
      const errors = [];
      for (const server of servers.values()) {
        if (!server.isAlive()) errors.push(`a server died: ${server.errors()}`);
        const { code } = await server.stop();
        if (kind === "ours" && code !== 0) errors.push(`a server ended with ${code}: ${server.errors()}`);
        if (/panicked/.test(server.errors())) errors.push(server.errors());
      }
      deepStrictEqual(errors, []);
    });
    for (const [chapter, cases] of put(kind)) {
      describe(chapter, { concurrency: 4 }, () => {
        for (const { name, setting = "plain", alone = false, run, expect } of cases) {
          test(name, { timeout: 60_000 }, async () => {
            const server = alone ? await start(kind, settings[setting]) : servers.get(setting);
            const bench = new Bench(server);
            try {
              deepStrictEqual(await run(bench), expect[kind === "model" ? "peer" : kind]);
            } finally {
              bench.done();
              if (alone) await server.stop();
            }
          });
        }
      });
    }
  });
}
