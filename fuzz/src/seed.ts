/** Of every run that names no other: what is found once is found again. */
export const defaultSeed = 20_261_124;
