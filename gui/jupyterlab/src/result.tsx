/** A build as it goes, and what it came to. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { IStep, ISnapshot } from './server';

const SIGNS: Record<string, string> = {
  waiting: '·', running: '▸', done: '✓', unchanged: '✓', skipped: '–', failed: '✕', cancelled: '–'
};

export function Steps(props: { snapshot: ISnapshot; trans: TranslationBundle }): React.JSX.Element {
  const { progress } = props.snapshot;
  const running = progress.steps.find(step => step.state === 'running');
  const last = progress.logs[progress.logs.length - 1];
  return (
    <>
      <ol className="nb2prod-Steps">
        {progress.steps.map(step => (
          <Step key={step.name} step={step} now={progress.time} trans={props.trans} />
        ))}
      </ol>
      {running && last && <div className="nb2prod-Log">{last.text}</div>}
    </>
  );
}

function Step(props: { step: IStep; now: number | null; trans: TranslationBundle }): React.JSX.Element {
  const { step, now, trans } = props;
  const states: Record<string, string> = {
    waiting: trans.__('waiting'), running: trans.__('running'), done: trans.__('done'),
    unchanged: trans.__('unchanged'), skipped: trans.__('skipped'), failed: trans.__('failed'),
    cancelled: trans.__('cancelled')
  };
  const end = step.finished ?? now;
  const seconds = step.started !== null && end !== null ? Math.max(0, end - step.started).toFixed(1) + ' s' : '';
  const running = step.state === 'running';
  const beside = running ? step.detail : step.state === 'done' ? '' : step.reason;
  return (
    <li data-state={step.state}>
      <span className="nb2prod-Sign" role="img" aria-label={states[step.state] ?? step.state}>
        {SIGNS[step.state] ?? '·'}
      </span>
      <span className="nb2prod-Step">{step.name}</span>
      <span className="nb2prod-Seconds">{step.state === 'unchanged' ? states.unchanged : seconds}</span>
      {running && step.total > 0 && <progress value={step.done} max={step.total} aria-label={step.name} />}
      {beside && <div className="nb2prod-Hint">{beside}</div>}
    </li>
  );
}

/** Parity, tests, metrics, and where the results are. */
export function Report(props: {
  snapshot: ISnapshot;
  trans: TranslationBundle;
  open: (path: string) => void;
  show: (path: string) => void;
}): React.JSX.Element {
  const { trans } = props;
  const { report, status } = props.snapshot.progress;
  const { error, tests, mlflow, image, metrics = {}, parity = [] } = report;
  const project = props.snapshot.project;
  const titles: Record<string, string> = {
    ok: trans.__('Built'), failed: trans.__('Failed'), cancelled: trans.__('Cancelled')
  };
  return (
    <div className="nb2prod-Report" data-status={status}>
      <h3>{titles[status] ?? status}</h3>
      {error && (
        <p className="nb2prod-Error">
          <span className="nb2prod-Code">{error.code}</span> {placeText(error.where, trans)}
          {error.message} {error.hint && <span className="nb2prod-Hint">{error.hint}</span>}
        </p>
      )}
      {parity.length > 0 && (
        <table>
          <caption>{trans.__('Predictions beside those of the notebook')}</caption>
          <tbody>
            {parity.map((one: any) => (
              <tr key={one.stage} data-status={one.status}>
                <th scope="row">{one.stage}</th>
                <td>
                  {one.status}
                  {one.status === 'equal' && `, ${trans._n('%1 row', '%1 rows', one.rows, one.rows)}`}
                  {one.reason && <div className="nb2prod-Hint">{one.reason}</div>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {tests && (
        <p>
          {trans.__('Tests: %1 passed, %2 failed; %3 of %4 mutants caught.', tests.passed, tests.failed, tests.caught, tests.mutants)}
        </p>
      )}
      {Object.keys(metrics).length > 0 && (
        <table>
          <caption>{trans.__('Metrics')}</caption>
          <tbody>
            {Object.entries(metrics).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{typeof value === 'number' ? String(Number(value.toPrecision(4))) : '–'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <dl>
        {mlflow && (
          <>
            <dt>{trans.__('Model')}</dt>
            <dd>
              <ModelPlace mlflow={mlflow} />
            </dd>
          </>
        )}
        {image && (
          <>
            <dt>{trans.__('Image')}</dt>
            <dd>
              <code>{image.tag}</code> {Math.round(image.size_bytes / 1e6)} MB
            </dd>
          </>
        )}
        {project && (
          <>
            <dt>{trans.__('Project')}</dt>
            <dd>
              <button className="nb2prod-Place" onClick={() => props.show(project)}>
                {project}
              </button>{' '}
              <button className="nb2prod-Place" onClick={() => props.open(`${project}/README.md`)}>
                README
              </button>{' '}
              <button className="nb2prod-Place" onClick={() => props.open(`${project}/MODEL_CARD.md`)}>
                {trans.__('model card')}
              </button>
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}

/** A link where the store has a web address, else the name alone. */
function ModelPlace(props: { mlflow: any }): React.JSX.Element {
  const { tracking_uri, model, version, alias } = props.mlflow;
  const name = `${model} ${version}${alias ? ` (${alias})` : ''}`;
  if (!/^https?:\/\//.test(tracking_uri)) {
    return <>{name}</>;
  }
  const page = `${String(tracking_uri).replace(/\/+$/, '')}/#/models/${encodeURIComponent(model)}/versions/${version}`;
  return (
    <a href={page} target="_blank" rel="noopener noreferrer">
      {name}
    </a>
  );
}

function placeText(where: any, trans: TranslationBundle): string {
  const cell = where?.cell ? trans.__('cell %1', where.cell) : '';
  const line = where?.line ? trans.__('line %1', where.line) : '';
  const place = [cell, line].filter(Boolean).join(', ');
  return place && `${place}: `;
}
