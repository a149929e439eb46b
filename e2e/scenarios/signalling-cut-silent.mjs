import { cutSignalling, SILENT } from "./signalling-cut.mjs";

export const title = "the server's packets vanish for 20 s while all talk, and a host is killed meanwhile: nobody notices otherwise, and the room is joinable again";

export default (room) => cutSignalling(room, 20_000, 1, SILENT);
