/** What the part in the Jupyter server answers; `routes.py` says the same. */

import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import { Role } from './roles';

export interface IFinding {
  code: string;
  severity: 'error' | 'warning' | 'info';
  message: string;
  cell: number | null;
  line: number | null;
  hint: string;
}

export interface IProposal {
  cell: number;
  role: Role;
  reason: string;
  confidence: number;
}

export type Roles = Record<string, Role | null>;

/** Cells and lines count from 1. */
export interface IStudy {
  roles: Record<string, Role>;
  proposals: IProposal[];
  findings: IFinding[];
  remedies: { finding: number; roles: Roles }[];
  boundary: { artifacts: string[]; request: string[]; response: string } | null;
  lit: { cell: number; first: number; last: number; use: string }[];
  parameters: IParameter[];
}

/** `source` is the text of its default. */
export interface IParameter {
  name: string;
  annotation: string;
  source: string;
  comment: string;
  cell: number;
  line: number;
}

/** What a build is asked for; what is empty is as the notebook's metadata and the settings say (`IStands`). */
export interface IForm {
  output: string;
  image: string;
  log: boolean | null;
  parameters: Record<string, string>;
  sample: Record<string, string>;
  tracking_uri: string;
  model: string;
  alias: string;
  force: boolean;
  fresh: boolean;
}

export type IStands = Pick<IForm, 'output' | 'image' | 'tracking_uri' | 'model' | 'alias'> & { log: boolean };

export interface IRefused {
  code: string;
  message: string;
  hint: string;
}

export interface IStep {
  name: string;
  state: string;
  done: number;
  total: number;
  detail: string;
  reason: string;
  started: number | null;
  finished: number | null;
}

/** Of a build; `report` is what `nb2prod build --json` prints, empty until the end. */
export interface ISnapshot {
  finished: boolean;
  stopping: boolean;
  project: string | null;
  progress: {
    status: string;
    steps: IStep[];
    findings: IFinding[];
    logs: { level: string; text: string }[];
    time: number | null;
    report: Record<string, any>;
  };
}

/** The server refused, with its reason. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly hint = ''
  ) {
    super(message);
  }
}

export class Server {
  constructor(private settings: ServerConnection.ISettings) {}

  /** `notebook` is its JSON. */
  async study(path: string, notebook: string): Promise<{ study?: IStudy; refused?: IRefused }> {
    return this.post('study', `{"path":${JSON.stringify(path)},"notebook":${notebook}}`);
  }

  /** All tags of the cells whose tags must change so that they spell these roles; by position. */
  async tags(cells: readonly (readonly string[])[], roles: Roles): Promise<Record<string, string[]>> {
    return (await this.post('tags', JSON.stringify({ cells, roles }))).tags;
  }

  async start(notebook: string, form: IForm): Promise<string> {
    return (await this.post('jobs', JSON.stringify({ ...form, notebook }))).id;
  }

  /** The latest build of a notebook, and what was asked for. */
  async latest(notebook: string): Promise<{ id: string | null; asked: IForm | null }> {
    const { id, asked } = await (await this.ask(`jobs?notebook=${encodeURIComponent(notebook)}`)).json();
    delete asked?.notebook;
    return { id, asked };
  }

  async stands(notebook: string): Promise<IStands> {
    return (await this.ask(`form?notebook=${encodeURIComponent(notebook)}`)).json();
  }

  /** A sentence for each field with which no build can start, e.g. `parameters.alpha`. */
  async faults(notebook: string, form: IForm, declared: IParameter[]): Promise<Record<string, string>> {
    return (await this.post('form', JSON.stringify({ form: { ...form, notebook }, declared }))).faults;
  }

  async cancel(id: string): Promise<void> {
    await this.ask(`jobs/${id}`, { method: 'DELETE' });
  }

  /** The progress of a build as it goes; ends with the build. */
  async *progress(id: string): AsyncGenerator<ISnapshot> {
    const answer = await this.ask(`jobs/${id}`);
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      const lines = (rest + value).split('\n');
      rest = lines.pop()!;
      if (lines.length) {
        yield JSON.parse(lines[lines.length - 1]); // the newest says it all
      }
    }
  }

  private async post(what: string, body: string): Promise<any> {
    return (await this.ask(what, { method: 'POST', body })).json();
  }

  private async ask(what: string, init: RequestInit = {}): Promise<Response> {
    const url = URLExt.join(this.settings.baseUrl, 'nb2prod', what);
    const answer = await ServerConnection.makeRequest(url, init, this.settings);
    if (answer.ok) {
      return answer;
    }
    const error = answer.status === 400 ? (await answer.json().catch(() => ({}))).error : null;
    const message = answer.status === 404 ? 'the nb2prod server extension does not answer.' : answer.statusText;
    throw new Refusal(error?.code ?? `HTTP ${answer.status}`, error?.message ?? message, error?.hint);
  }
}
