/** The role in the property inspector: a list to choose from, written as a tag. */

import { INotebookTracker } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { IFormRenderer, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import { ROLES } from './roles';
import { Watch } from './watch';

export function roleForm(
  tracker: INotebookTracker,
  current: () => Watch | null,
  trans: TranslationBundle
): IFormRenderer {
  const choice = (watch: Watch) => {
    const cell = tracker.activeCell;
    return cell?.model.type !== 'code' ? (
      <></>
    ) : (
      <select
        className="jp-mod-styled nb2prod-Select"
        aria-label={trans.__('Role of the cell')}
        value={watch.roleOf(cell.model) ?? ''}
        onChange={event => void watch.giveTo(new Map([[cell.model, event.target.value || null]]))}
      >
        <option value="">{trans.__('no role')}</option>
        {ROLES.map(({ role, means }) => (
          <option key={role} value={role}>
            {role}: {means}
          </option>
        ))}
      </select>
    );
  };
  return {
    fieldRenderer: () => {
      const watch = current();
      const model = tracker.activeCell?.model;
      return watch && model ? (
        <div className="nb2prod-Form">
          <label>{trans.__('Role in production')}</label>
          <UseSignal signal={model.metadataChanged}>
            {() => <UseSignal signal={watch.changed}>{() => choice(watch)}</UseSignal>}
          </UseSignal>
        </div>
      ) : (
        <></>
      );
    }
  };
}
