/** The standard library as the compiler takes it: the texts of the .sst files of this folder. */
import type { Library } from "../compiler/names.ts";
import { files, index } from "./library.generated.ts";

export const library: Library = { files, index };
