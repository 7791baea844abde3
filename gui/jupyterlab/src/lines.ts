/** Lines that go to production light up in the editors of the cells, and the others step back. */

import { CodeMirrorEditor } from '@jupyterlab/codemirror';
import { CodeEditor } from '@jupyterlab/codeeditor';
import { RangeSetBuilder, StateEffect, StateField, Text } from '@codemirror/state';
import { Decoration, DecorationSet, EditorView } from '@codemirror/view';

const LIT = Decoration.line({ class: 'nb2prod-lit' });
const DIM = Decoration.line({ class: 'nb2prod-dim' });

/** The lines that are lit, from 1; null: none is marked at all. */
const light = StateEffect.define<ReadonlySet<number> | null>();

const field = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update: (marks, transaction) => {
    marks = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (effect.is(light)) {
        marks = effect.value ? marked(transaction.state.doc, effect.value) : Decoration.none;
      }
    }
    return marks;
  },
  provide: field => EditorView.decorations.from(field)
});

function marked(text: Text, lit: ReadonlySet<number>): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (let number = 1; number <= text.lines; number++) {
    const start = text.line(number).from;
    builder.add(start, start, lit.has(number) ? LIT : DIM);
  }
  return builder.finish();
}

export function lightUp(editor: CodeEditor.IEditor | null, lit: ReadonlySet<number> | null): void {
  if (editor instanceof CodeMirrorEditor) {
    if (editor.editor.state.field(field, false) === undefined) {
      if (!lit) {
        return;
      }
      editor.injectExtension(field);
    }
    editor.editor.dispatch({ effects: light.of(lit) });
  }
}
