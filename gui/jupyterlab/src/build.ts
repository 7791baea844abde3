/** The build of a notebook as the server runs it: started, followed, cancelled, found again after a reload. */

import { Signal } from '@lumino/signaling';
import { IRefused, ISnapshot, Server } from './server';
import { Watch } from './watch';

export class Build {
  readonly changed = new Signal<this, void>(this);
  snapshot: ISnapshot | null = null;
  refused: IRefused | null = null;
  running = false;
  image = '';
  log = true;

  constructor(
    private watch: Watch,
    private server: Server
  ) {
    void watch.panel.context.ready.then(async () => {
      const id = await server.latest(watch.path).catch(() => null);
      if (id && !this.running) {
        await this.follow(id);
      }
    });
  }

  /** Save the notebook and build it. */
  async start(): Promise<void> {
    if (this.running) {
      return;
    }
    this.running = true;
    this.refused = this.snapshot = null;
    this.changed.emit();
    try {
      await this.watch.panel.context.save();
      await this.follow(
        await this.server.start({ notebook: this.watch.path, image: this.image.trim(), log: this.log })
      );
    } catch (error: any) {
      this.end({ code: error.code ?? '', message: error.message, hint: error.hint ?? '' });
    }
  }

  async cancel(): Promise<void> {
    if (this.id) {
      await this.server.cancel(this.id);
    }
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
}
