import { cutSignalling } from "./signalling-cut.mjs";

export const title = "signalling is cut for 60 s, and two hosts are killed meanwhile, one after the other: the rest go on, and the room is joinable again";

export default (room) => cutSignalling(room, 60_000, 2);
