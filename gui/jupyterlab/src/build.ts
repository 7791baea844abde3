/** The build of a notebook as the server runs it: asked for, started, followed, cancelled, found again after a reload. */

import { Signal } from '@lumino/signaling';
import { IForm, IParameter, IRefused, ISnapshot, IStands, Server } from './server';
import { Watch } from './watch';

const PAUSE = 300; // milliseconds without a key before the form is checked
const EMPTY: IForm = {
  output: '', image: '', log: null, parameters: {}, sample: {}, tracking_uri: '', model: '', alias: '', force: false,
  fresh: false
};

export class Build {
  readonly changed = new Signal<this, void>(this);
  snapshot: ISnapshot | null = null;
  refused: IRefused | null = null;
  running = false;
  form: IForm = EMPTY;
  /** What holds where the form says nothing; null where the server does not tell. */
  stands: IStands | null = null;
  /** By field. */
  faults: Record<string, string> = {};

  constructor(
    readonly watch: Watch,
    private server: Server
  ) {
    const { context } = watch.panel;
    watch.changed.connect(() => this.changed.emit()); // it tells the parameters
    context.fileChanged.connect(() => void this.ask());
    watch.panel.disposed.connect(() => {
      window.clearTimeout(this.timer);
      Signal.clearData(this);
    });
    void context.ready.then(async () => {
      void this.ask();
      const { id, asked } = await server.latest(watch.path).catch(() => ({ id: null, asked: null }));
      if (id && !this.running) {
        this.form = asked ?? this.form;
        await this.follow(id);
      }
    });
  }

  /** The parameters that the notebook declares. */
  get declared(): IParameter[] {
    return this.watch.study?.parameters ?? [];
  }

  /** Fill in the form; it is checked after a pause. */
  fill(changes: Partial<IForm>): void {
    this.form = { ...this.form, ...changes };
    this.changed.emit();
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.check(), PAUSE);
  }

  /** Save the notebook and build it, unless the form has faults. */
  async start(): Promise<void> {
    if (this.running) {
      return;
    }
    this.running = true;
    this.refused = this.snapshot = null;
    this.changed.emit();
    try {
      await this.check();
      if (Object.keys(this.faults).length) {
        this.end(null);
        return;
      }
      await this.watch.panel.context.save();
      await this.follow(await this.server.start(this.watch.path, this.asked()));
    } catch (error: any) {
      this.end({ code: error.code ?? '', message: error.message, hint: error.hint ?? '' });
    }
  }

  async cancel(): Promise<void> {
    if (this.id) {
      await this.server.cancel(this.id);
    }
  }

  /** The form without what was filled in for parameters that are declared no more. */
  private asked(): IForm {
    const names = new Set(this.declared.map(one => one.name));
    const known = (given: Record<string, string>) =>
      Object.fromEntries(Object.entries(given).filter(([name, text]) => names.has(name) && text.trim()));
    const { output, image, tracking_uri, model, alias, parameters, sample } = this.form;
    return {
      ...this.form,
      output: output.trim(),
      image: image.trim(),
      tracking_uri: tracking_uri.trim(),
      model: model.trim(),
      alias: alias.trim(),
      parameters: known(parameters),
      sample: known(sample)
    };
  }

  private async check(): Promise<void> {
    const form = this.asked();
    this.faults = await this.server.faults(this.watch.path, form, this.declared).catch(() => ({}));
    this.changed.emit();
  }

  private async ask(): Promise<void> {
    this.stands = await this.server.stands(this.watch.path).catch(() => null);
    this.changed.emit();
  }

  private async follow(id: string): Promise<void> {
    this.id = id;
    this.running = true;
    try {
      for await (const snapshot of this.server.progress(id)) {
        this.snapshot = snapshot;
        this.changed.emit();
      }
      this.end(null);
    } catch (error: any) {
      this.end({ code: '', message: error.message, hint: 'The build goes on: reload the page to see it again.' });
    }
  }

  private end(refused: IRefused | null): void {
    this.running = false;
    this.refused = refused;
    this.changed.emit();
  }

  private id = '';
  private timer = 0;
}
