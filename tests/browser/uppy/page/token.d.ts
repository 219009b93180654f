/** Whoever uses the example brings this. */
declare function token(): Promise<string>;
