/** An open notebook and what the analysis says of it as it stands, unsaved. */

import { ICellModel } from '@jupyterlab/cells';
import { NotebookPanel } from '@jupyterlab/notebook';
import { Signal } from '@lumino/signaling';
import { Role, spelledRole } from './roles';
import { byCell, ISays, SILENCE } from './says';
import { IFinding, IProposal, IRefused, IStudy, Roles, Server } from './server';
import { Written } from './written';

const PAUSE = 350; // milliseconds without a key before the notebook is studied

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

  /** What the study says of a cell; nothing of one that is newer. */
  of(model: ICellModel): ISays {
    return this.said.get(model.id) ?? SILENCE;
  }

  roleOf(model: ICellModel): Role | null {
    return spelledRole(tagsOf(model)) ?? this.of(model).role;
  }

  proposalFor(model: ICellModel): IProposal | undefined {
    return this.roleOf(model) ? undefined : this.of(model).proposal;
  }

  /** The roles that a finding proposes. */
  remedyOf(finding: IFinding): Roles | undefined {
    return this.remedies.get(finding);
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
    if (!content || this.preparing || this.busy) {
      return;
    }
    this.preparing = true;
    await this.written.prepare(content);
    this.preparing = false;
    if (this.panel.isDisposed) {
      return;
    }
    const ids = this.models().map(model => model.id);
    const notebook = this.written.of(content);
    if (notebook === this.asked && this.path === this.askedOf) {
      this.panel.node.dataset.nb2prod = 'read';
      return;
    }
    this.asked = notebook;
    this.askedOf = this.path;
    this.busy = true;
    this.changed.emit();
    try {
      const { study, refused } = await this.server.study(this.path, notebook);
      this.take(study ?? null, refused ?? null, ids);
    } catch (error: any) {
      this.take(null, { code: error.code ?? '', message: error.message, hint: error.hint ?? '' }, ids);
    }
    this.busy = false;
    if (!this.panel.isDisposed) {
      this.changed.emit();
      this.schedule(); // what was typed meanwhile; nothing is asked where nothing was
    }
  }

  private take(study: IStudy | null, refused: IRefused | null, ids: string[]): void {
    this.study = study;
    this.refused = refused;
    this.ids = ids;
    this.said = new Map();
    this.remedies = new Map();
    if (study) {
      byCell(study).forEach((says, position) => this.said.set(ids[position - 1], says));
      study.remedies.forEach(({ finding, roles }) => this.remedies.set(study.findings[finding], roles));
    }
  }

  private models(): ICellModel[] {
    return [...(this.panel.content.model?.cells ?? [])];
  }

  private timer = 0;
  private preparing = false;
  private asked = '';
  private askedOf = '';
  private ids: string[] = [];
  private said = new Map<string, ISays>();
  private remedies = new Map<IFinding, Roles>();
  private written = new Written();
}

export function tagsOf(model: ICellModel): string[] {
  const tags = model.getMetadata('tags');
  return Array.isArray(tags) ? tags.map(String) : [];
}
