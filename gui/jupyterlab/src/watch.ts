/** An open notebook and what the analysis says of it as it stands, unsaved. */

import { ICellModel } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { Role, spelledRole } from './roles';
import { IFinding, IProposal, IRefused, IStudy, Roles, Server } from './server';

const PAUSE = 350; // milliseconds without a key before the notebook is studied
const LARGE_OUTPUT = 50_000; // characters; larger ones are left to `check` and the build

export class Watch {
  readonly changed = new Signal<this, void>(this);
  study: IStudy | null = null;
  refused: IRefused | null = null;
  busy = false;

  constructor(
    readonly panel: NotebookPanel,
    private server: Server
  ) {
    panel.disposed.connect(() => {
      window.clearTimeout(this.timer);
      Signal.clearData(this);
    });
    void panel.context.ready.then(() => {
      panel.content.model?.contentChanged.connect(() => this.schedule());
      this.schedule(0);
    });
  }

  /** Its path for the server. */
  get path(): string {
    return this.panel.context.localPath;
  }

  /** The cell at a position of the study, from 1; undefined where it is gone. */
  cellAt(position: number): ICellModel | undefined {
    return this.models().find(model => model.id === this.ids[position - 1]);
  }

  /** Its position in the study, from 1; 0 where it is newer. */
  positionOf(model: ICellModel): number {
    return this.ids.indexOf(model.id) + 1;
  }

  roleOf(model: ICellModel): Role | null {
    return spelledRole(tagsOf(model)) ?? this.study?.roles[this.positionOf(model)] ?? null;
  }

  proposalFor(model: ICellModel): IProposal | undefined {
    const position = this.positionOf(model);
    return this.roleOf(model) ? undefined : this.study?.proposals.find(one => one.cell === position);
  }

  findingsOf(model: ICellModel): IFinding[] {
    const position = this.positionOf(model);
    return this.study?.findings.filter(finding => finding.cell === position) ?? [];
  }

  /** The roles that a finding proposes. */
  remedyOf(finding: IFinding): Roles | undefined {
    const number = this.study?.findings.indexOf(finding);
    return this.study?.remedies.find(remedy => remedy.finding === number)?.roles;
  }

  /** Lines of a cell that go to production, from 1, and where to. */
  linesOf(model: ICellModel): { lines: Set<number>; uses: Set<string> } {
    const position = this.positionOf(model);
    const lines = new Set<number>();
    const uses = new Set<string>();
    for (const { cell, first, last, use } of this.study?.lit ?? []) {
      if (cell === position) {
        for (let line = first; line <= last; line++) {
          lines.add(line);
        }
        (use === 'both' ? ['training', 'prediction'] : [use]).forEach(one => uses.add(one));
      }
    }
    return { lines, uses };
  }

  /** Give cells roles by their position in the study; one step of undo. */
  async give(roles: Roles): Promise<void> {
    const found = Object.entries(roles).map(([position, role]) => [this.cellAt(Number(position)), role] as const);
    await this.giveTo(new Map(found.filter((pair): pair is [ICellModel, Role | null] => pair[0] !== undefined)));
  }

  /** Give cells roles, as tags; one step of undo. Cells that are not code have none. */
  async giveTo(wanted: ReadonlyMap<ICellModel, Role | null>): Promise<void> {
    const models = this.models();
    const asked: Roles = {};
    models.forEach((model, index) => {
      if (model.type === 'code' && wanted.has(model)) {
        asked[index + 1] = wanted.get(model)!;
      }
    });
    const changes = await this.server.tags(models.map(tagsOf), asked);
    this.panel.content.model?.sharedModel.transact(() => {
      for (const [position, tags] of Object.entries(changes)) {
        const model = models[Number(position) - 1];
        tags.length ? model.setMetadata('tags', tags) : model.deleteMetadata('tags');
      }
    });
  }

  /** Study after a pause; while a study runs, once more after it. */
  schedule(pause = PAUSE): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.ask(), pause);
    this.panel.node.dataset.nb2prod = 'reading';
  }

  private async ask(): Promise<void> {
    const content = this.panel.content.model;
    if (!content || this.busy) {
      return;
    }
    const ids = this.models().map(model => model.id);
    const notebook = withoutLargeOutputs(content.toJSON());
    const asked = JSON.stringify([this.path, notebook]);
    if (asked === this.asked) {
      this.panel.node.dataset.nb2prod = 'read';
      return;
    }
    this.asked = asked;
    this.busy = true;
    this.changed.emit();
    try {
      const { study, refused } = await this.server.study(this.path, notebook);
      this.study = study ?? null;
      this.refused = refused ?? null;
    } catch (error: any) {
      this.study = null;
      this.refused = { code: error.code ?? '', message: error.message, hint: error.hint ?? '' };
    }
    this.busy = false;
    if (!this.panel.isDisposed) {
      this.ids = ids;
      this.changed.emit();
      this.schedule(); // what was typed meanwhile; nothing is asked where nothing was
    }
  }

  private models(): ICellModel[] {
    return [...(this.panel.content.model?.cells ?? [])];
  }

  private timer = 0;
  private asked = '';
  private ids: string[] = [];
}

export function tagsOf(model: ICellModel): string[] {
  const tags = model.getMetadata('tags');
  return Array.isArray(tags) ? tags.map(String) : [];
}

function withoutLargeOutputs(notebook: any): unknown {
  const small = (output: unknown) => JSON.stringify(output).length <= LARGE_OUTPUT;
  const cells = notebook.cells.map((cell: any) =>
    Array.isArray(cell.outputs) ? { ...cell, outputs: cell.outputs.filter(small) } : cell
  );
  return { ...notebook, cells };
}
