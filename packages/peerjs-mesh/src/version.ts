declare const VERSION: string;

/** The release of this package. */
export const version: string = VERSION;
