import { cutSignalling } from "./signalling-cut.mjs";

export const title = "signalling alone is cut for 8 s while all talk: told once, nobody notices otherwise, and the room is joinable again";

export default (room) => cutSignalling(room, 8_000, 0);
