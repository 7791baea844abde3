/** What a cell can be for: the ten roles of nb2prod, with the letter that gives each. */

export type Role = string;

interface IRole {
  role: Role;
  letter: string;
  means: string;
}

export const ROLES: readonly IRole[] = [
  { role: 'parameters', letter: 'P', means: 'values to change from outside' },
  { role: 'imports', letter: 'I', means: 'imports' },
  { role: 'functions', letter: 'F', means: 'functions, classes, constants' },
  { role: 'preprocessing', letter: 'D', means: 'done to rows in training and for every request' },
  { role: 'training', letter: 'T', means: 'fitting' },
  { role: 'evaluation', letter: 'E', means: 'numbers that say how good it is' },
  { role: 'request', letter: 'R', means: 'an example of what a caller sends' },
  { role: 'inference', letter: 'X', means: 'the prediction' },
  { role: 'test', letter: 'A', means: 'assertions of your own' },
  { role: 'skip', letter: 'S', means: 'stays behind' }
];

const KNOWN = new Set(ROLES.map(one => one.role));

/** The role that tags spell outright; the server's study knows the other spellings. */
export function spelledRole(tags: readonly string[]): Role | null {
  const prefixed = tags.filter(tag => tag.startsWith('nb2prod:')).map(tag => tag.slice(8).trim());
  return [...prefixed, ...tags].find(tag => KNOWN.has(tag)) ?? null;
}
