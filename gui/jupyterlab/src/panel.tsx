/** The panel at the side: boundary, suggestions, findings, build of the notebook at hand. */

import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import { Asked } from './asked';
import { Build } from './build';
import { Finding, goTo } from './finding';
import { Report, Steps } from './result';
import { IStudy } from './server';
import { Watch } from './watch';

export interface INotebook {
  watch: Watch;
  build: Build;
}

export interface IActions {
  open: (path: string) => void;
  show: (path: string) => void;
  light: () => boolean;
  toggleLight: () => void;
}

const MOST = 100; // findings, or suggestions; more are counted

export class SidePanel extends ReactWidget {
  constructor(
    private trans: TranslationBundle,
    private actions: IActions
  ) {
    super();
    this.addClass('nb2prod-Panel');
  }

  get notebook(): INotebook | null {
    return this._notebook;
  }
  set notebook(notebook: INotebook | null) {
    this._notebook = notebook;
    this.update();
  }

  protected render(): React.JSX.Element {
    const { notebook, trans, actions } = this;
    if (!notebook) {
      return <p className="nb2prod-Hint">{trans.__('Open a notebook to see what goes to production.')}</p>;
    }
    const { watch, build } = notebook;
    return (
      <React.Fragment key={watch.panel.id}>
        <UseSignal signal={watch.changed}>
          {() => (
            <>
              <Understood watch={watch} trans={trans} actions={actions} />
              <Suggestions watch={watch} study={watch.study} trans={trans} />
              <Findings watch={watch} study={watch.study} trans={trans} />
            </>
          )}
        </UseSignal>
        <UseSignal signal={build.changed}>
          {() => <BuildPart build={build} trans={trans} actions={actions} />}
        </UseSignal>
      </React.Fragment>
    );
  }

  private _notebook: INotebook | null = null;
}

function Understood(props: { watch: Watch; trans: TranslationBundle; actions: IActions }): React.JSX.Element {
  const { watch, trans, actions } = props;
  const boundary = watch.study?.boundary;
  return (
    <section aria-label={trans.__('What goes to production')}>
      <h2>{trans.__('To production')}</h2>
      <p className="nb2prod-State" role="status">
        {watch.busy ? trans.__('Reading the notebook …') : ''}
      </p>
      {watch.refused && (
        <p className="nb2prod-Error" role="alert">
          <span className="nb2prod-Code">{watch.refused.code}</span> {watch.refused.message} {watch.refused.hint}
        </p>
      )}
      {boundary && (
        <dl>
          <dt>{trans.__('Request')}</dt>
          <dd>{names(boundary.request)}</dd>
          <dt>{trans.__('Artifacts')}</dt>
          <dd>{names(boundary.artifacts)}</dd>
          <dt>{trans.__('Response')}</dt>
          <dd>{names([boundary.response])}</dd>
        </dl>
      )}
      {watch.study && !boundary && (
        <p className="nb2prod-Hint">{trans.__('Where training ends is not known yet: see the findings.')}</p>
      )}
      <label>
        <input type="checkbox" checked={actions.light()} onChange={actions.toggleLight} />{' '}
        {trans.__('Light up the lines that go to production')}
      </label>
    </section>
  );
}

function names(all: string[]): React.JSX.Element {
  return (
    <>
      {all.length === 0 && '–'}
      {all.map(name => (
        <code key={name}>{name}</code>
      ))}
    </>
  );
}

interface IStudied {
  watch: Watch;
  study: IStudy | null;
  trans: TranslationBundle;
}

const Suggestions = React.memo(function Suggestions(props: IStudied): React.JSX.Element | null {
  const { watch, study, trans } = props;
  const proposals = study?.proposals ?? [];
  if (!proposals.length) {
    return null;
  }
  const all = Object.fromEntries(proposals.map(one => [one.cell, one.role]));
  return (
    <section aria-label={trans.__('Suggested roles')}>
      <h2>{trans.__('Suggested roles')}</h2>
      <button className="nb2prod-Button nb2prod-mod-primary" onClick={() => void watch.give(all)}>
        {trans._n('Accept it', 'Accept all %1', proposals.length, proposals.length)}
      </button>
      <ul className="nb2prod-Suggestions">
        {proposals.slice(0, MOST).map(one => (
          <li key={one.cell}>
            <div>
              <button className="nb2prod-Place" onClick={() => void goTo(watch, one.cell, null)}>
                {trans.__('cell %1', one.cell)}
              </button>{' '}
              <span className="nb2prod-Role nb2prod-mod-suggested" data-role={one.role}>
                {one.role}
              </span>{' '}
              <span className="nb2prod-Seconds">{Math.round(one.confidence * 100)} %</span>
              <div className="nb2prod-Hint">{one.reason}</div>
            </div>
            <button
              className="nb2prod-Button"
              aria-label={trans.__('Accept %1 for cell %2', one.role, one.cell)}
              onClick={() => void watch.give({ [one.cell]: one.role })}
            >
              {trans.__('Accept')}
            </button>
          </li>
        ))}
      </ul>
      {proposals.length > MOST && <p>{trans.__('… and %1 more', proposals.length - MOST)}</p>}
    </section>
  );
});

const Findings = React.memo(function Findings(props: IStudied): React.JSX.Element | null {
  const { watch, study, trans } = props;
  if (!study) {
    return null;
  }
  const order = ['error', 'warning', 'info'];
  const findings = [...study.findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
  return (
    <section aria-label={trans.__('Findings')}>
      <h2>{trans.__('Findings')}</h2>
      {findings.length === 0 && <p className="nb2prod-Hint">{trans.__('Nothing stands in the way.')}</p>}
      <ul>
        {findings.slice(0, MOST).map((finding, index) => (
          <Finding key={index} finding={finding} watch={watch} trans={trans} />
        ))}
      </ul>
      {findings.length > MOST && <p>{trans.__('… and %1 more', findings.length - MOST)}</p>}
    </section>
  );
});

function BuildPart(props: { build: Build; trans: TranslationBundle; actions: IActions }): React.JSX.Element {
  const { build, trans, actions } = props;
  const { snapshot } = build;
  const stopping = snapshot?.stopping ?? false;
  return (
    <section aria-label={trans.__('Build')}>
      <h2>{trans.__('Build')}</h2>
      <form
        onSubmit={event => {
          event.preventDefault();
          void build.start();
        }}
      >
        <Asked build={build} trans={trans} />
        <button type="submit" className="nb2prod-Button nb2prod-mod-primary" disabled={build.running}>
          {trans.__('Save and build')}
        </button>{' '}
        {build.running && (
          <button type="button" className="nb2prod-Button" disabled={stopping} onClick={() => void build.cancel()}>
            {stopping ? trans.__('Cancelling …') : trans.__('Cancel')}
          </button>
        )}
      </form>
      {build.refused && (
        <p className="nb2prod-Error" role="alert">
          <span className="nb2prod-Code">{build.refused.code}</span> {build.refused.message} {build.refused.hint}
        </p>
      )}
      {snapshot && <Steps snapshot={snapshot} trans={trans} />}
      <div role="status">
        {snapshot?.finished && <Report snapshot={snapshot} trans={trans} open={actions.open} show={actions.show} />}
      </div>
    </section>
  );
}
