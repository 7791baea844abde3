/** A finding with its remedy: below its cell, and in the panel. All of it is text. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IFinding, Roles } from './server';
import { Watch } from './watch';

const SIGNS = { error: '✕', warning: '!', info: 'i' };

export function Finding(props: {
  finding: IFinding;
  watch: Watch;
  trans: TranslationBundle;
  inCell?: boolean;
}): React.JSX.Element {
  const { finding, watch, trans } = props;
  const remedy = watch.remedyOf(finding);
  const line = finding.line ? trans.__('line %1', finding.line) : '';
  const cell = finding.cell && !props.inCell ? trans.__('cell %1', finding.cell) : '';
  const place = [cell, line].filter(Boolean).join(', ');
  const names = { error: trans.__('Error'), warning: trans.__('Warning'), info: trans.__('Note') };
  return (
    <li className="nb2prod-Finding" data-severity={finding.severity}>
      <span className="nb2prod-Sign" role="img" aria-label={names[finding.severity]}>
        {SIGNS[finding.severity]}
      </span>
      <div>
        <span className="nb2prod-Code">{finding.code}</span>{' '}
        {place && (
          <button className="nb2prod-Place" onClick={() => void goTo(watch, finding.cell!, finding.line)}>
            {place}
          </button>
        )}
        <div>{finding.message}</div>
        {finding.hint && <div className="nb2prod-Hint">{finding.hint}</div>}
        {remedy && (
          <button className="nb2prod-Button" onClick={() => void watch.give(remedy)}>
            {remedyText(remedy, trans)}
          </button>
        )}
      </div>
    </li>
  );
}

function remedyText(roles: Roles, trans: TranslationBundle): string {
  const pairs = Object.entries(roles);
  if (pairs.length > 1) {
    return trans.__('Accept the %1 roles suggested', pairs.length);
  }
  const [cell, role] = pairs[0];
  return role ? trans.__('Give cell %1 the role %2', cell, role) : trans.__('Take the role from cell %1', cell);
}

/** Show a cell of the study, with the cursor at a line. */
export async function goTo(watch: Watch, position: number, line: number | null): Promise<void> {
  const model = watch.cellAt(position);
  const notebook = watch.panel.content;
  const index = notebook.widgets.findIndex(cell => cell.model === model);
  if (index >= 0) {
    notebook.activeCellIndex = index;
    await notebook.scrollToItem(index, 'smart');
    const editor = notebook.widgets[index].editor;
    if (line && editor) {
      notebook.mode = 'edit';
      editor.setCursorPosition({ line: line - 1, column: 0 });
    }
  }
}
