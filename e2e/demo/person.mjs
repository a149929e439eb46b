// Somebody who uses the demo: sees what is on the page, presses what has a name, types.

import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { ROOT } from "../harness/root.mjs";
import { within } from "../harness/time.mjs";

/** The two sizes at which the demo has to be good. */
export const SIZES = { phone: { width: 360, height: 740 }, laptop: { width: 1280, height: 800 } };
/** And whether axe looks: colours and places do not depend on each other, so two looks see both of each. */
const LOOKS = [["phone", "light", false], ["phone", "dark", true], ["laptop", "dark", false], ["laptop", "light", true]];

/** How long a change on the page may take, ms: far above what a busy machine needs. */
const SOON = 20_000;

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = join(process.env.MESH_SHOTS ?? join(ROOT, "target/shots"), "demo");
mkdirSync(SHOTS, { recursive: true });

export class Person {
  #opened;

  constructor(opened) {
    this.#opened = opened;
  }

  /** Opens the demo in a window of its own. What is in `before` runs in the page ahead of its own scripts. */
  static async open(browser, url, { size = "laptop", scheme = "light", before = [] } = {}) {
    const person = new Person(await browser.open("about:blank"));
    await person.page.setViewport(SIZES[size]);
    await person.light(scheme);
    for (const script of [before].flat()) await person.page.evaluateOnNewDocument(script);
    await person.page.goto(url, { waitUntil: "load" });
    return person;
  }

  get page() {
    return this.#opened.page;
  }

  /** The process that renders this page. */
  get pid() {
    return this.#opened.pid;
  }

  /** What the page complained of: its console and uncaught errors. */
  get complaints() {
    return this.#opened.errors;
  }

  close() {
    return this.#opened.close();
  }

  /** Waits for something that a screen reader would call so: `button "Join"`. */
  find(role, name) {
    const selector = `::-p-aria([name="${name}"][role="${role}"])`;
    return within(this.page.waitForSelector(selector, { visible: true, timeout: SOON }), SOON + 1000, `${role} "${name}"`).catch(async (error) => {
      throw new Error(`there is no ${role} "${name}"; the page says:\n${await this.text()}`, { cause: error });
    });
  }

  async press(name, role = "button") {
    const element = await this.find(role, name);
    await element.click();
  }

  async fill(label, text) {
    const element = await this.find("textbox", label);
    await element.click({ count: 3 });
    await this.page.keyboard.type(text);
  }

  /** Everything that can be read on the page. */
  text() {
    return this.page.evaluate(() => document.body.innerText);
  }

  /** Waits until the page's text has this in it. */
  async reads(text) {
    await this.holds(`it reads "${text}"`, (wanted) => document.body.innerText.includes(wanted), text);
  }

  /** Waits until a function in the page gives something true. */
  async holds(what, fact, ...args) {
    try {
      return await this.page.waitForFunction(fact, { timeout: SOON, polling: 50 }, ...args);
    } catch (error) {
      throw new Error(`not within ${SOON} ms: ${what}; the page says:\n${await this.text()}\n${this.complaints.join("\n")}`, { cause: error });
    }
  }

  /** The label of what has the focus. */
  focused() {
    return this.page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute("aria-label") ?? element?.labels?.[0]?.innerText.split("\n")[0] ?? element?.innerText ?? "";
    });
  }

  /** Joins as `name`, from the lobby. */
  async join(name) {
    await this.fill("Your name", name);
    await this.press("Join");
  }

  async resize(size) {
    await this.page.setViewport(SIZES[size]);
    // Two frames: the page has laid itself out, and has been told of its new size.
    await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  }

  /** In these colours, and with little motion: no picture shows half of one. */
  async light(scheme) {
    await this.page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: "reduce" }]);
  }

  /**
   * Pictures of the page at both sizes, in light and in dark, kept in target/shots/demo; what axe finds wrong with it at
   * two of the four, or with `all` at each; and what is cut off or covered. Returns the findings, a line each.
   * `still`: what it has to read before and after each picture, where that does not last for ever.
   */
  async look(state, { all = false, still = "" } = {}) {
    const findings = [];
    const lasts = async () => {
      if (!(await this.text()).includes(still)) throw new Error(`${state}: it reads "${still}" no longer; the page says:\n${await this.text()}`);
    };
    if (!(await this.page.evaluate(() => "axe" in globalThis))) await this.page.evaluate(AXE);
    for (const [size, scheme, axe] of LOOKS) {
      await this.light(scheme);
      await this.resize(size);
      // What was just pressed, where the page is longer than its window.
      await this.page.evaluate(() => document.activeElement !== document.body && document.activeElement.scrollIntoView({ block: "nearest" }));
      await lasts();
      await this.page.screenshot({ path: join(SHOTS, `${state}-${size}-${scheme}.png`) });
      await lasts();
      const found = [...(await this.#hidden()), ...(all || axe ? await this.#axe() : [])];
      findings.push(...found.map((what) => `${state}, ${size}, ${scheme}: ${what}`));
    }
    await this.light("light");
    await this.resize("laptop");
    return findings;
  }

  #axe() {
    return this.page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, { resultTypes: ["violations"] });
      return violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html.slice(0, 200)} (${failureSummary})`));
    });
  }

  /**
   * Tiles, buttons and text fields that are not wholly on the page, a page that can be moved sideways, and what lies over
   * the faces.
   */
  #hidden() {
    return this.page.evaluate(() => {
      const found = [];
      const { clientWidth, scrollWidth } = document.documentElement;
      if (scrollWidth > clientWidth) found.push(`the page is ${scrollWidth} wide`);
      const faces = document.querySelector("main .space")?.getBoundingClientRect();
      for (const notice of document.querySelectorAll(".notice")) {
        const { left, right, top, bottom } = notice.getBoundingClientRect();
        const over = faces && left < faces.right && right > faces.left && top < faces.bottom && bottom > faces.top;
        if (over) found.push(`over the faces: ${notice.textContent}`);
      }
      const scrolls = document.querySelector(".lobby") !== null;
      for (const element of document.querySelectorAll("button, input, select, .tile")) {
        if (!element.checkVisibility() || element.closest(".staged .tile:not([data-large])")) continue;
        const { left, right, top, bottom, width, height } = element.getBoundingClientRect();
        const inside = left >= -1 && right <= innerWidth + 1 && top >= -1 && (bottom <= innerHeight + 1 || scrolls);
        const name = element.getAttribute("aria-label") ?? element.textContent ?? element.tagName;
        if (!inside) found.push(`cut off: ${name} at ${[left, top, right, bottom].map(Math.round)}`);
        const small = element.matches("button:not(.inline)") && (width < 24 || height < 24);
        // Round buttons have their tooltips beside them.
        if (element.matches(".button") && element.scrollWidth > element.clientWidth + 1) found.push(`too narrow for its text: ${name}`);
        if (small) found.push(`too small to hit: ${name}, ${Math.round(width)} × ${Math.round(height)}`);
      }
      return found;
    });
  }
}
