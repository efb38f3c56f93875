// Images below each other in one picture; one of more is nothing to look at.
export const mostRows = 64;
