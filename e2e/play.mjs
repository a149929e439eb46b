// Plays one scenario by hand, on any mix:
//
//   node play.mjs exchange [--server ours|npm-peer] [--mix chromium,firefox,native] [--net plain|lab] [--times N]
//                          [--options JSON] [--account]

import { parseArgs } from "node:util";
import { labNet, plainNet } from "./harness/net.mjs";
import { Stage } from "./harness/stage.mjs";
import { now } from "./harness/time.mjs";
import { LINK } from "./rooms.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    server: { type: "string", default: "ours" },
    mix: { type: "string", default: "chromium,chromium,firefox,native" },
    net: { type: "string", default: "plain" },
    times: { type: "string", default: "1" },
    options: { type: "string", default: "{}" },
    account: { type: "boolean", default: false },
  },
});
const { server, net } = values;
const stage = await Stage.open(net === "lab" ? await labNet(LINK) : plainNet());
let failed = 0;
try {
  for (let time = 0; time < Number(values.times); time++) {
    for (const name of positionals) {
      const scenario = await import(`./scenarios/${name}.mjs`);
      const mix = values.mix.split(",");
      await stage.warm(mix);
      const began = now();
      const note = (text) => console.log(`    ${text}`);
      const options = JSON.parse(values.options);
      let account;
      const watched = {
        async default(room) {
          await scenario.default(room);
          account = room.account();
        },
      };
      try {
        await stage.play(watched, { server, mix, options, note });
        console.log(`ok ${name}, ${server}, ${net}, ${Math.round(now() - began)} ms`);
        if (values.account) console.log(account);
      } catch (error) {
        failed += 1;
        console.log(`FAILED ${name}, ${server}, ${net}, ${Math.round(now() - began)} ms\n${error.stack}`);
      }
    }
  }
} finally {
  await stage.close();
}
process.exit(failed > 0 ? 1 : 0);
