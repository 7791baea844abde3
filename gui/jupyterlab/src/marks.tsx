/** What stands at the cells: the role above, the findings below, the lines in the editor. */

import { Cell } from '@jupyterlab/cells';
import { Notebook } from '@jupyterlab/notebook';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { PanelLayout } from '@lumino/widgets';
import * as React from 'react';
import { Finding } from './finding';
import { lightUp } from './lines';
import { Watch } from './watch';

/** Keeps the marks of one notebook in step with its watch. */
export class Marks {
  constructor(
    private watch: Watch,
    private trans: TranslationBundle,
    private chooseRole: (anchor: HTMLElement) => void
  ) {
    watch.changed.connect(this.update, this);
    watch.panel.content.modelContentChanged.connect(this.update, this);
    this.update();
  }

  /** Whether lines are lit. */
  get light(): boolean {
    return this._light;
  }
  set light(on: boolean) {
    this._light = on;
    this.update();
  }

  private update(): void {
    const notebook = this.watch.panel.content;
    for (const cell of notebook.widgets) {
      if (cell.model.type === 'code' && !this.marked.has(cell)) {
        this.marked.set(cell, null);
        void cell.ready.then(() => {
          if (!cell.isDisposed) {
            this.marked.set(cell, new CellMarks(cell, notebook, this.watch, this.trans, this.chooseRole));
            this.marked.get(cell)!.update(this.light);
          }
        });
      }
      this.marked.get(cell)?.update(this.light);
    }
  }

  private _light = true;
  private marked = new WeakMap<Cell, CellMarks | null>();
}

class CellMarks {
  constructor(
    private cell: Cell,
    notebook: Notebook,
    private watch: Watch,
    trans: TranslationBundle,
    chooseRole: (anchor: HTMLElement) => void
  ) {
    const activate = () => {
      notebook.deselectAll();
      notebook.activeCellIndex = notebook.widgets.indexOf(cell);
    };
    this.head = new Part('nb2prod-Head', () => (
      <Head
        watch={watch}
        cell={cell}
        trans={trans}
        choose={anchor => {
          activate();
          chooseRole(anchor);
        }}
      />
    ));
    this.notes = new Part('nb2prod-Notes', () => (
      <ul aria-label={trans.__('Findings of nb2prod')}>
        {watch.findingsOf(cell.model).map((finding, index) => (
          <Finding key={index} finding={finding} watch={watch} trans={trans} inCell />
        ))}
      </ul>
    ));
    const layout = cell.layout as PanelLayout;
    const input = layout.widgets.findIndex(widget => widget.hasClass('jp-Cell-inputWrapper'));
    layout.insertWidget(input + 1, this.notes);
    layout.insertWidget(input, this.head);
  }

  update(light: boolean): void {
    const { cell, watch } = this;
    const { lines, uses } = watch.linesOf(cell.model);
    const said = [watch.roleOf(cell.model), watch.proposalFor(cell.model)?.role, [...uses].join()];
    this.head.show_(said.some(Boolean), JSON.stringify(said));
    const findings = watch.findingsOf(cell.model);
    this.notes.show_(findings.length > 0, JSON.stringify([findings, findings.map(one => watch.remedyOf(one))]));
    const lit = light && watch.study?.boundary ? lines : null;
    const drawn = lit ? [...lit].join() : '-';
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      lightUp(cell.editor, lit);
    }
  }

  private head: Part;
  private notes: Part;
  private drawn = '-';
}

/** A widget that is drawn again when what it says has changed. */
class Part extends ReactWidget {
  constructor(
    name: string,
    private draw: () => React.JSX.Element
  ) {
    super();
    this.addClass(name);
    this.hide();
  }

  show_(visible: boolean, says: string): void {
    this.setHidden(!visible);
    if (says !== this.says) {
      this.says = says;
      this.update();
    }
  }

  protected override onBeforeShow(message: Message): void {
    super.onBeforeShow(message);
    this.update();
  }

  protected render(): React.JSX.Element {
    return this.draw();
  }

  private says = '';
}

function Head(props: {
  watch: Watch;
  cell: Cell;
  trans: TranslationBundle;
  choose: (anchor: HTMLElement) => void;
}): React.JSX.Element {
  const { watch, cell, trans } = props;
  const role = watch.roleOf(cell.model);
  const proposal = watch.proposalFor(cell.model);
  const { uses } = watch.linesOf(cell.model);
  return (
    <>
      {role && (
        <button
          className="nb2prod-Role"
          data-role={role}
          aria-haspopup="menu"
          aria-label={trans.__('Role of this cell: %1. Change it', role)}
          onClick={event => props.choose(event.currentTarget)}
        >
          {role}
        </button>
      )}
      {proposal && (
        <button
          className="nb2prod-Role nb2prod-mod-suggested"
          data-role={proposal.role}
          title={proposal.reason}
          aria-label={trans.__('Suggested role: %1. Accept it', proposal.role)}
          onClick={() => void watch.giveTo(new Map([[cell.model, proposal.role]]))}
        >
          {proposal.role}?
        </button>
      )}
      {uses.size > 0 && (
        <span className="nb2prod-Use">
          {uses.size > 1
            ? trans.__('in training and prediction')
            : uses.has('training')
              ? trans.__('in training')
              : trans.__('in prediction')}
        </span>
      )}
    </>
  );
}
