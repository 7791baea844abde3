/** What a study says, by cell: looked up for each cell that is drawn, so it is sorted once. */

import { Role } from './roles';
import { IFinding, IProposal, IStudy } from './server';

export interface ISays {
  role: Role | null;
  proposal: IProposal | undefined;
  findings: IFinding[];
  /** Lines that go to production, from 1, and where to. */
  lines: Set<number>;
  uses: Set<string>;
}

/** Of a cell of which nothing is said. */
export const SILENCE: ISays = { role: null, proposal: undefined, findings: [], lines: new Set(), uses: new Set() };

/** By the position of the cell in the study, from 1. Cells of which nothing is said are left out. */
export function byCell(study: IStudy): Map<number, ISays> {
  const said = new Map<number, ISays>();
  const of = (cell: number): ISays => {
    let one = said.get(cell);
    if (!one) {
      one = { role: null, proposal: undefined, findings: [], lines: new Set(), uses: new Set() };
      said.set(cell, one);
    }
    return one;
  };
  for (const [cell, role] of Object.entries(study.roles)) {
    of(Number(cell)).role = role;
  }
  study.proposals.forEach(one => (of(one.cell).proposal ??= one));
  study.findings.forEach(one => one.cell && of(one.cell).findings.push(one));
  for (const { cell, first, last, use } of study.lit) {
    const { lines, uses } = of(cell);
    for (let line = first; line <= last; line++) {
      lines.add(line);
    }
    (use === 'both' ? ['training', 'prediction'] : [use]).forEach(one => uses.add(one));
  }
  return said;
}
