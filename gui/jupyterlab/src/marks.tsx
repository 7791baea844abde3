/** What stands at the cells: the role above, the findings below, the lines in the editor. */

import { Cell } from '@jupyterlab/cells';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import { Message } from '@lumino/messaging';
import { PanelLayout } from '@lumino/widgets';
import * as React from 'react';
import { Finding } from './finding';
import { lightUp } from './lines';
import { Watch } from './watch';

const AROUND = '800px 0px'; // beyond what is in view, so that marks stand before one has scrolled there

/** Keeps the marks of one notebook in step with its watch: those of the cells in view, the others once they come near. */
export class Marks {
  constructor(
    private watch: Watch,
    private trans: TranslationBundle,
    private chooseRole: (anchor: HTMLElement) => void
  ) {
    const { panel } = watch;
    const scrolled = panel.content.node.querySelector('.jp-WindowedPanel-outer') ?? panel.content.node;
    this.view = new IntersectionObserver(entries => this.moved(entries), { root: scrolled, rootMargin: AROUND });
    watch.changed.connect(this.later, this);
    panel.content.modelContentChanged.connect(this.later, this);
    panel.disposed.connect(() => this.view.disconnect());
    this.later();
  }

  /** Whether lines are lit. */
  get light(): boolean {
    return this._light;
  }
  set light(on: boolean) {
    this._light = on;
    this.later();
  }

  /** Once a frame, however many changes there are. */
  private later(): void {
    if (!this.asked) {
      this.asked = true;
      requestAnimationFrame(() => {
        this.asked = false;
        if (!this.watch.panel.isDisposed) {
          this.update();
        }
      });
    }
  }

  private update(): void {
    for (const cell of this.watch.panel.content.widgets) {
      if (cell.model.type === 'code' && !this.cells.has(cell.node)) {
        this.cells.set(cell.node, cell);
        this.view.observe(cell.node);
        void cell.ready.then(() => this.near.has(cell) && this.later());
        cell.disposed.connect(() => {
          this.view.unobserve(cell.node);
          this.near.delete(cell);
        });
      }
    }
    this.near.forEach(cell => this.mark(cell));
  }

  private moved(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const cell = this.cells.get(target)!;
      if (!isIntersecting) {
        this.near.delete(cell);
      } else if (!cell.isDisposed) {
        this.near.add(cell);
        this.mark(cell);
      }
    }
  }

  private mark(cell: Cell): void {
    if (cell.isPlaceholder()) {
      return; // JupyterLab has not drawn it yet
    }
    if (!this.marked.has(cell)) {
      this.marked.set(cell, new CellMarks(cell, this.watch, this.trans, this.chooseRole));
    }
    this.marked.get(cell)!.update(this.light);
  }

  private _light = true;
  private asked = false;
  private view: IntersectionObserver;
  private near = new Set<Cell>();
  private cells = new WeakMap<Element, Cell>();
  private marked = new WeakMap<Cell, CellMarks>();
}

class CellMarks {
  constructor(
    private cell: Cell,
    private watch: Watch,
    private trans: TranslationBundle,
    private chooseRole: (anchor: HTMLElement) => void
  ) {}

  update(light: boolean): void {
    const { cell, watch } = this;
    const { findings, lines, uses } = watch.of(cell.model);
    const said = [watch.roleOf(cell.model), watch.proposalFor(cell.model)?.role, [...uses].join()];
    if (said.some(Boolean)) {
      this.head ??= this.insert(0, new Part('nb2prod-Head', () => this.drawHead()));
    }
    this.head?.show_(said.some(Boolean), JSON.stringify(said));
    if (findings.length) {
      this.notes ??= this.insert(1, new Part('nb2prod-Notes', () => this.drawNotes()));
    }
    this.notes?.show_(findings.length > 0, JSON.stringify([findings, findings.map(one => watch.remedyOf(one))]));
    const lit = light && watch.study?.boundary ? lines : null;
    const drawn = lit ? [...lit].join() : '-';
    if (drawn !== this.drawn) {
      this.drawn = drawn;
      lightUp(cell.editor, lit);
    }
  }

  /** Above the input (0), or below it (1). */
  private insert(below: number, part: Part): Part {
    const layout = this.cell.layout as PanelLayout;
    const input = layout.widgets.findIndex(widget => widget.hasClass('jp-Cell-inputWrapper'));
    layout.insertWidget(input + below, part);
    return part;
  }

  private drawHead(): React.JSX.Element {
    const { cell, watch, trans } = this;
    const choose = (anchor: HTMLElement) => {
      const notebook = watch.panel.content;
      notebook.deselectAll();
      notebook.activeCellIndex = notebook.widgets.indexOf(cell);
      this.chooseRole(anchor);
    };
    return <Head watch={watch} cell={cell} trans={trans} choose={choose} />;
  }

  private drawNotes(): React.JSX.Element {
    const { cell, watch, trans } = this;
    return (
      <ul aria-label={trans.__('Findings of nb2prod')}>
        {watch.of(cell.model).findings.map((finding, index) => (
          <Finding key={index} finding={finding} watch={watch} trans={trans} inCell />
        ))}
      </ul>
    );
  }

  private head: Part | undefined;
  private notes: Part | undefined;
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
  const { uses } = watch.of(cell.model);
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
