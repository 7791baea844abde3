/** nb2prod inside JupyterLab: what is where, and the commands that everything else calls. */

import { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { IFormRendererRegistry, LabIcon } from '@jupyterlab/ui-components';
import { Menu } from '@lumino/widgets';
import { Build } from './build';
import { roleForm } from './form';
import { Marks } from './marks';
import { INotebook, SidePanel } from './panel';
import { Role, ROLES } from './roles';
import { Server } from './server';
import { Watch } from './watch';

const ID = 'jupyterlab-nb2prod:plugin';
const ICON = new LabIcon({
  name: 'nb2prod:logo',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16"><g class="jp-icon3" fill="#616161">' +
    '<path d="M1 2h6v3H1zM1 6.5h6v3H1zM1 11h6v3H1z"/><path d="M8.5 7h2.8V4.2L15.5 8l-4.2 3.8V9H8.5z"/></g></svg>'
});

interface IOpen extends INotebook {
  marks: Marks;
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Roles, findings and builds of nb2prod.',
  autoStart: true,
  requires: [INotebookTracker, ISettingRegistry],
  optional: [ICommandPalette, IFormRendererRegistry, ITranslator],
  activate
};

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  registry: ISettingRegistry,
  palette: ICommandPalette | null,
  forms: IFormRendererRegistry | null,
  translator: ITranslator | null
): void {
  const trans = (translator ?? nullTranslator).load('nb2prod');
  const server = new Server(app.serviceManager.serverSettings);
  const open = new Map<NotebookPanel, IOpen>();
  const { commands, shell } = app;
  const current = () => (tracker.currentWidget && open.get(tracker.currentWidget)) || null;
  let light = true;
  let settings: ISettingRegistry.ISettings | null = null;

  const panel = new SidePanel(trans, {
    open: path => void commands.execute('docmanager:open', { path, factory: 'Markdown Preview' }),
    show: path => void commands.execute('filebrowser:open-path', { path }),
    light: () => light,
    toggleLight: () => void commands.execute('nb2prod:toggle-light')
  });
  panel.id = 'nb2prod-panel';
  panel.title.icon = ICON;
  panel.title.caption = trans.__('nb2prod: to production');
  shell.add(panel, 'right', { rank: 900 });

  const watched = (notebook: NotebookPanel): void => {
    const watch = new Watch(notebook, server);
    const marks = new Marks(watch, trans, anchor => chooseRole(anchor));
    marks.light = light;
    open.set(notebook, { watch, marks, build: new Build(watch, server) });
    notebook.disposed.connect(() => open.delete(notebook));
  };
  tracker.forEach(watched);
  tracker.widgetAdded.connect((_, notebook) => {
    watched(notebook);
    panel.notebook = current();
  });
  tracker.currentChanged.connect(() => (panel.notebook = current()));
  panel.notebook = current();

  const setLight = (): void => {
    light = settings?.get('light').composite !== false;
    open.forEach(({ marks }) => (marks.light = light));
    commands.notifyCommandChanged('nb2prod:toggle-light');
    panel.update();
  };
  void registry.load(ID).then(loaded => {
    settings = loaded;
    loaded.changed.connect(setLight);
    setLight();
  });

  /** The code cells that are selected, or the active one. */
  const chosen = () => {
    const notebook = tracker.currentWidget?.content;
    return (notebook?.selectedCells ?? []).map(cell => cell.model).filter(model => model.type === 'code');
  };
  const give = async (role: Role | null): Promise<void> => {
    await current()?.watch.giveTo(new Map(chosen().map(model => [model, role])));
  };
  const chooseRole = (anchor: HTMLElement): void => {
    const menu = new Menu({ commands });
    menu.title.label = trans.__('Role');
    ROLES.forEach(({ role }) => menu.addItem({ command: 'nb2prod:set-role', args: { role } }));
    menu.addItem({ type: 'separator' });
    menu.addItem({ command: 'nb2prod:set-role', args: { role: '' } });
    menu.aboutToClose.connect(() => requestAnimationFrame(() => menu.dispose()));
    const { left, bottom } = anchor.getBoundingClientRect();
    menu.open(left, bottom);
  };

  commands.addCommand('nb2prod:set-role', {
    label: ({ role, isPalette }) => {
      const name = String(role ?? '');
      if (isPalette) {
        return name ? trans.__('Give the cell the role %1', name) : trans.__('Take the role from the cell');
      }
      return name || trans.__('no role');
    },
    caption: ({ role }) => ROLES.find(one => one.role === role)?.means ?? '',
    isToggleable: true,
    isToggled: ({ role }) => {
      const watch = current()?.watch;
      const models = chosen();
      return !!watch && models.length > 0 && models.every(model => (watch.roleOf(model) ?? '') === role);
    },
    isEnabled: () => chosen().length > 0,
    execute: ({ role }) => give(role ? String(role) : null),
    describedBy: { args: { type: 'object', properties: { role: { type: 'string' } } } }
  });
  commands.addCommand('nb2prod:choose-role', {
    label: trans.__('Choose the role of the cell …'),
    icon: ICON,
    isEnabled: () => chosen().length > 0,
    execute: () => {
      const cell = tracker.activeCell?.node;
      const button = cell?.querySelector<HTMLElement>('[data-command="nb2prod:choose-role"]');
      const anchor = button?.offsetParent ? button : cell;
      if (anchor) {
        chooseRole(anchor);
      }
    }
  });
  commands.addCommand('nb2prod:accept-suggestions', {
    label: trans.__('Accept all suggested roles'),
    isEnabled: () => !!current()?.watch.study?.proposals.length,
    execute: async () => {
      const watch = current()?.watch;
      await watch?.give(Object.fromEntries(watch.study?.proposals.map(one => [one.cell, one.role]) ?? []));
    }
  });
  commands.addCommand('nb2prod:toggle-light', {
    label: trans.__('Light up the lines that go to production'),
    isToggleable: true,
    isToggled: () => light,
    execute: () => settings?.set('light', !light)
  });
  commands.addCommand('nb2prod:open-panel', {
    label: trans.__('Show what goes to production'),
    icon: ICON,
    execute: () => shell.activateById(panel.id)
  });
  commands.addCommand('nb2prod:build', {
    label: trans.__('Save the notebook and build it'),
    isEnabled: () => !!current() && !current()!.build.running,
    execute: () => {
      shell.activateById(panel.id);
      void current()?.build.start();
    }
  });

  const category = 'nb2prod';
  for (const role of [...ROLES.map(one => one.role), '']) {
    palette?.addItem({ command: 'nb2prod:set-role', args: { role, isPalette: true }, category });
  }
  for (const command of ['choose-role', 'accept-suggestions', 'toggle-light', 'open-panel', 'build']) {
    palette?.addItem({ command: `nb2prod:${command}`, category });
  }
  forms?.addRenderer(`${ID}.role`, roleForm(tracker, () => current()?.watch ?? null, trans));
}

export default plugin;
