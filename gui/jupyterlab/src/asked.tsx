/** The form of a build: parameters of the notebook, image, model, and the options that few need. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { Build } from './build';
import { IParameter } from './server';

interface IProps {
  build: Build;
  trans: TranslationBundle;
}

const OPTIONS = ['output', 'model', 'alias', 'tracking_uri'] as const;

export function Asked(props: IProps): React.JSX.Element {
  const { build, trans } = props;
  const { form, stands } = build;
  return (
    <fieldset disabled={build.running}>
      <Parameters build={build} trans={trans} />
      <Text {...props} field="image" title={trans.__('Image')} stands={stands?.image || trans.__('none')} />
      <Check
        on={form.log ?? stands?.log ?? true}
        title={trans.__('Log the model to MLflow')}
        change={log => build.fill({ log })}
      />
      <Disclosed title={trans.__('Options')} faulty={OPTIONS.some(field => field in build.faults)}>
        <Text {...props} field="output" title={trans.__('Folder')} stands={stands?.output} />
        <Text {...props} field="model" title={trans.__('Registered model')} stands={stands?.model} />
        <Text {...props} field="alias" title={trans.__('Alias')} stands={stands?.alias || trans.__('none')} />
        <Text
          {...props}
          field="tracking_uri"
          title={trans.__('Tracking server')}
          stands={stands?.tracking_uri || trans.__('beside the project')}
        />
        <Check
          on={form.force}
          title={trans.__('Overwrite files edited by hand')}
          change={force => build.fill({ force })}
        />
        <Check on={form.fresh} title={trans.__('Run every step again')} change={fresh => build.fill({ fresh })} />
      </Disclosed>
    </fieldset>
  );
}

/** What the notebook declares, with its defaults; a value for the tests beside each where that is wanted. */
function Parameters(props: IProps): React.JSX.Element | null {
  const { build, trans } = props;
  const given = Object.values(build.form.sample).some(Boolean);
  const [sampled, setSampled] = React.useState(false);
  const { declared } = build;
  if (!declared.length) {
    return null;
  }
  const changed = declared.filter(({ name }) => build.form.parameters[name]?.trim()).length;
  const beside = changed ? trans.__('%1 of %2 changed', changed, declared.length) : String(declared.length);
  const faulty = Object.keys(build.faults).some(field => field.includes('.'));
  return (
    <Disclosed title={trans.__('Parameters')} beside={beside} faulty={faulty}>
      {declared.map(one => (
        <div key={one.name} className="nb2prod-Field" title={one.comment}>
          <span>
            <code>{one.name}</code> <span className="nb2prod-Seconds">{one.annotation}</span>
          </span>
          <Value build={build} kind="parameters" one={one} label={one.name} stands={one.source} />
          {(sampled || given) && (
            <Value
              build={build}
              kind="sample"
              one={one}
              label={trans.__('%1 in the tests', one.name)}
              stands={trans.__('in the tests')}
            />
          )}
        </div>
      ))}
      <Check
        on={sampled || given}
        title={trans.__('Smaller values for the tests')}
        change={on => {
          setSampled(on);
          if (!on) {
            build.fill({ sample: {} });
          }
        }}
      />
    </Disclosed>
  );
}

/** Opened by its user, or where a fault is told inside. */
function Disclosed(props: {
  title: string;
  beside?: string;
  faulty: boolean;
  children: React.ReactNode;
}): React.JSX.Element {
  const own = React.useRef<HTMLDetailsElement>(null);
  React.useEffect(() => {
    if (props.faulty) {
      own.current!.open = true;
    }
  }, [props.faulty]);
  return (
    <details ref={own}>
      <summary>
        {props.title} <span className="nb2prod-Seconds">{props.beside}</span>
      </summary>
      {props.children}
    </details>
  );
}

/** The value of a parameter as text, as after `-p`; a list to choose from where it is a truth value. */
function Value(props: {
  build: Build;
  kind: 'parameters' | 'sample';
  one: IParameter;
  label: string;
  stands: string;
}): React.JSX.Element {
  const { build, kind, one, stands } = props;
  const value = build.form[kind][one.name] ?? '';
  const fault = build.faults[`${kind}.${one.name}`];
  const fill = (text: string) => build.fill({ [kind]: { ...build.form[kind], [one.name]: text } });
  const shared = { className: 'jp-mod-styled', 'aria-label': props.label, 'aria-invalid': !!fault, value };
  return (
    <>
      {one.annotation === 'bool' ? (
        <select {...shared} onChange={event => fill(event.target.value)}>
          <option value="">{stands}</option>
          <option value="True">True</option>
          <option value="False">False</option>
        </select>
      ) : (
        <input {...shared} type="text" placeholder={stands} onChange={event => fill(event.target.value)} />
      )}
      {fault && <Fault text={fault} />}
    </>
  );
}

function Text(
  props: IProps & {
    field: 'image' | (typeof OPTIONS)[number];
    title: string;
    stands: string | undefined;
  }
): React.JSX.Element {
  const { build, field, title } = props;
  const fault = build.faults[field];
  return (
    <label className="nb2prod-Field">
      <span>{title}</span>
      <input
        type="text"
        className="jp-mod-styled"
        placeholder={props.stands}
        aria-invalid={!!fault}
        value={build.form[field]}
        onChange={event => build.fill({ [field]: event.target.value })}
      />
      {fault && <Fault text={fault} />}
    </label>
  );
}

function Check(props: { on: boolean; title: string; change: (on: boolean) => void }): React.JSX.Element {
  return (
    <label>
      <input type="checkbox" checked={props.on} onChange={event => props.change(event.target.checked)} /> {props.title}
    </label>
  );
}

function Fault(props: { text: string }): React.JSX.Element {
  return (
    <span className="nb2prod-Fault" role="alert">
      {props.text}
    </span>
  );
}
