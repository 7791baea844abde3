/** A notebook as JSON, written anew only where it has changed: a large one would hold up each pause in typing. */

import { ICellModel } from '@jupyterlab/cells';
import { INotebookModel } from '@jupyterlab/notebook';

const LARGE_OUTPUT = 50_000; // characters; larger ones are left to `check` and the build

const SLICE = 8; // milliseconds of writing at a time

export class Written {
  /** Write what has changed in small slices, so that one can type meanwhile; `of` takes it from there. */
  async prepare(notebook: INotebookModel): Promise<void> {
    let start = performance.now();
    for (const cell of [...notebook.cells]) {
      if (!cell.isDisposed) {
        this.cell(cell);
      }
      if (performance.now() - start > SLICE) {
        await new Promise(go => window.setTimeout(go));
        start = performance.now();
      }
    }
  }

  /** The notebook as it stands, without large outputs. */
  of(notebook: INotebookModel): string {
    const { metadata, nbformat, nbformat_minor } = notebook.sharedModel;
    const named = nbformat > 4 || nbformat_minor > 4;
    if (named !== this.named) {
      this.named = named;
      this.texts = new WeakMap();
    }
    const cells = [...notebook.cells].map(cell => this.cell(cell));
    return `{"cells":[${cells.join(',')}],${JSON.stringify({ metadata, nbformat, nbformat_minor }).slice(1)}`;
  }

  private cell(model: ICellModel): string {
    let text = this.texts.get(model);
    if (text === undefined) {
      if (!this.heard.has(model)) {
        this.heard.add(model);
        for (const signal of [model.contentChanged, model.metadataChanged, model.stateChanged]) {
          signal.connect(this.forget, this);
        }
      }
      const cell: any = { ...model.toJSON() };
      if (Array.isArray(cell.outputs)) {
        cell.outputs = cell.outputs.filter(isSmall);
      }
      if (!this.named) {
        delete cell.id; // a file of nbformat 4.4 and before has none
      }
      text = JSON.stringify(cell);
      this.texts.set(model, text);
    }
    return text;
  }

  private forget(model: ICellModel): void {
    this.texts.delete(model);
  }

  private named = true;
  private texts = new WeakMap<ICellModel, string>();
  private heard = new WeakSet<ICellModel>();
}

function isSmall(output: unknown): boolean {
  return left(output, LARGE_OUTPUT) >= 0;
}

/** What is left of so many characters when the texts of a value are taken from them; counting ends below 0. */
function left(value: unknown, characters: number): number {
  if (typeof value === 'string') {
    return characters - value.length;
  }
  if (value && typeof value === 'object') {
    for (const [key, one] of Object.entries(value)) {
      characters = left(one, characters - key.length - 4);
      if (characters < 0) {
        break;
      }
    }
    return characters;
  }
  return characters - 4;
}
