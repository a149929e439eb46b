import { hiddenHost } from "./hidden-host.mjs";

export const title = "the page of a hidden tab hosts for 5 minutes without a false alarm";

export default (room) => hiddenHost(room, 300_000);
