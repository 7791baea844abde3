/** The panel at the side: boundary, suggestions, findings, build of the notebook at hand. */

import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import { Signal } from '@lumino/signaling';
import * as React from 'react';
import { Build } from './build';
import { Finding, goTo } from './finding';
import { Report, Steps } from './result';
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

const MOST = 200; // findings; more are counted

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
      <Redrawn key={watch.panel.id} signals={[watch.changed, build.changed]}>
        {() => (
          <>
            <Understood watch={watch} trans={trans} actions={actions} />
            <Suggestions watch={watch} trans={trans} />
            <Findings watch={watch} trans={trans} />
            <BuildPart build={build} trans={trans} actions={actions} />
          </>
        )}
      </Redrawn>
    );
  }

  private _notebook: INotebook | null = null;
}

function Redrawn(props: { signals: Signal<any, void>[]; children: () => React.JSX.Element }): React.JSX.Element {
  return props.signals.reduceRight<() => React.JSX.Element>(
    (inner, signal) => () => <UseSignal signal={signal}>{() => inner()}</UseSignal>,
    props.children
  )();
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

function Suggestions(props: { watch: Watch; trans: TranslationBundle }): React.JSX.Element | null {
  const { watch, trans } = props;
  const proposals = watch.study?.proposals ?? [];
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
        {proposals.map(one => (
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
    </section>
  );
}

function Findings(props: { watch: Watch; trans: TranslationBundle }): React.JSX.Element | null {
  const { watch, trans } = props;
  if (!watch.study) {
    return null;
  }
  const order = ['error', 'warning', 'info'];
  const findings = [...watch.study.findings].sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
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
}

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
        <label>
          {trans.__('Image')}{' '}
          <input
            type="text"
            className="jp-mod-styled"
            placeholder={trans.__('none')}
            defaultValue={build.image}
            disabled={build.running}
            onChange={event => (build.image = event.target.value)}
          />
        </label>
        <label>
          <input
            type="checkbox"
            defaultChecked={build.log}
            disabled={build.running}
            onChange={event => (build.log = event.target.checked)}
          />{' '}
          {trans.__('Log the model to MLflow')}
        </label>
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
