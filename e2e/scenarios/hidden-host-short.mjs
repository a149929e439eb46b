import { hiddenHost } from "./hidden-host.mjs";

export const title = "the page of a hidden tab hosts for 40 s without a false alarm";

export default (room) => hiddenHost(room, 40_000);
