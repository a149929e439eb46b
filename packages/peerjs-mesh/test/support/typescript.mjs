// Lets `node --test` read the sources as they are: types are stripped when a file is loaded.
import { register } from "node:module";

register("./strip-types.mjs", import.meta.url);
