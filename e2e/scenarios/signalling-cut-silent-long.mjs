import { cutSignalling, SILENT } from "./signalling-cut.mjs";

export const title = "the server's packets vanish for 60 s while all talk: nobody notices otherwise, and the room is joinable again";

export default (room) => cutSignalling(room, 60_000, 0, SILENT);
