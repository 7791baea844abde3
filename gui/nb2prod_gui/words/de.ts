<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>Ask</name>
    <message>
        <source>there was no answer.</source>
        <translation>es kam keine Antwort.</translation>
    </message>
</context>
<context>
    <name>CellList</name>
    <message>
        <source>Cells of the notebook</source>
        <translation>Zellen des Notebooks</translation>
    </message>
    <message>
        <source>J and K move, a letter gives a role, Enter accepts the suggestion</source>
        <translation>J und K bewegen, ein Buchstabe gibt eine Rolle, Enter nimmt den Vorschlag an</translation>
    </message>
    <message>
        <source>{0} Click to accept.</source>
        <translation>{0} Klicken, um ihn anzunehmen.</translation>
    </message>
</context>
<context>
    <name>CellsPage</name>
    <message>
        <source>Search in cells</source>
        <translation>In Zellen suchen</translation>
    </message>
    <message>
        <source>Accept all suggestions</source>
        <translation>Alle Vorschläge annehmen</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>What the keys do</source>
        <translation>Was die Tasten tun</translation>
    </message>
    <message>
        <source>Role of the cell</source>
        <translation>Rolle der Zelle</translation>
    </message>
    <message>
        <source>no role</source>
        <translation>keine Rolle</translation>
    </message>
    <message>
        <source>Show what a name comes from</source>
        <translation>Zeigen, woraus ein Name entsteht</translation>
    </message>
    <message>
        <source>Findings</source>
        <translation>Befunde</translation>
    </message>
    <message>
        <source>Graph and findings</source>
        <translation>Graph und Befunde</translation>
    </message>
    <message>
        <source>Accept</source>
        <translation>Annehmen</translation>
    </message>
    <message>
        <source>Accept the suggestion</source>
        <translation>Den Vorschlag annehmen</translation>
    </message>
    <message>
        <source>Data flow</source>
        <translation>Datenfluss</translation>
    </message>
    <message>
        <source>Cell {0}</source>
        <translation>Zelle {0}</translation>
    </message>
    <message>
        <source>Suggested: {0} – {1} ({2} % sure)</source>
        <translation>Vorschlag: {0} – {1} ({2} % sicher)</translation>
    </message>
    <message>
        <source>This cell is {0}.</source>
        <translation>Diese Zelle ist {0}.</translation>
    </message>
    <message>
        <source>This cell has no role: what production needs of it is found by data flow.</source>
        <translation>Diese Zelle hat keine Rolle: was die Produktion von ihr braucht, zeigt der Datenfluss.</translation>
    </message>
    <message>
        <source>Text never goes to production.</source>
        <translation>Text geht nie in die Produktion.</translation>
    </message>
    <message>
        <source>Cell {0} instead</source>
        <translation>Stattdessen Zelle {0}</translation>
    </message>
    <message>
        <source>Gives cell {0} the role {1}.</source>
        <translation>Gibt Zelle {0} die Rolle {1}.</translation>
    </message>
    <message>
        <source>Where training ends is not known yet: see the findings.</source>
        <translation>Wo das Training endet, ist noch nicht bekannt: siehe die Befunde.</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>A caller sends {0} and gets {1}; training leaves {2}.</source>
        <translation>Ein Aufrufer sendet {0} und bekommt {1}; das Training hinterlässt {2}.</translation>
    </message>
    <message>
        <source>Lines that go to production</source>
        <translation>Zeilen, die in die Produktion gehen</translation>
    </message>
    <message>
        <source>What this cell comes from</source>
        <translation>Woraus diese Zelle entsteht</translation>
    </message>
    <message>
        <source>What {0} comes from</source>
        <translation>Woraus {0} entsteht</translation>
    </message>
</context>
<context>
    <name>FieldTable</name>
    <message>
        <source>Field</source>
        <translation>Feld</translation>
    </message>
    <message>
        <source>Type</source>
        <translation>Typ</translation>
    </message>
    <message>
        <source>Seen</source>
        <translation>Gesehen</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>Beschreibung</translation>
    </message>
    <message>
        <source>Least</source>
        <translation>Mindestens</translation>
    </message>
    <message>
        <source>Most</source>
        <translation>Höchstens</translation>
    </message>
    <message>
        <source>Personal</source>
        <translation>Persönlich</translation>
    </message>
    <message>
        <source>Sent as</source>
        <translation>Gesendet als</translation>
    </message>
    <message>
        <source>Given as</source>
        <translation>Geliefert als</translation>
    </message>
    <message>
        <source>{0} or missing</source>
        <translation>{0} oder fehlt</translation>
    </message>
    <message>
        <source>Empty: callers use the notebook&apos;s name.</source>
        <translation>Leer: Aufrufer benutzen den Namen des Notebooks.</translation>
    </message>
    <message>
        <source>Never written into the request log.</source>
        <translation>Wird nie ins Anfrageprotokoll geschrieben.</translation>
    </message>
    <message>
        <source>{0} is personal data</source>
        <translation>{0} ist ein personenbezogenes Datum</translation>
    </message>
    <message>
        <source>{0}: a limit is a number.</source>
        <translation>{0}: Eine Grenze ist eine Zahl.</translation>
    </message>
    <message>
        <source>{0}: the least value is above the most.</source>
        <translation>{0}: Der kleinste Wert liegt über dem größten.</translation>
    </message>
    <message>
        <source>{0}: callers cannot use this name.</source>
        <translation>{0}: Diesen Namen können Aufrufer nicht benutzen.</translation>
    </message>
    <message>
        <source>{0}: another field has this name.</source>
        <translation>{0}: Ein anderes Feld heißt so.</translation>
    </message>
</context>
<context>
    <name>FindingsPanel</name>
    <message>
        <source>Findings</source>
        <translation>Befunde</translation>
    </message>
    <message>
        <source>Nothing to remark: the notebook can go to production as it is.</source>
        <translation>Nichts zu bemerken: das Notebook kann so in die Produktion.</translation>
    </message>
    <message>
        <source>Apply the remedy</source>
        <translation>Abhilfe anwenden</translation>
    </message>
    <message>
        <source>Cell {0}</source>
        <translation>Zelle {0}</translation>
    </message>
    <message>
        <source>Notebook</source>
        <translation>Notebook</translation>
    </message>
    <message>
        <source>, line {0}</source>
        <translation>, Zeile {0}</translation>
    </message>
    <message>
        <source>… and {0} more</source>
        <translation>… und {0} weitere</translation>
    </message>
    <message>
        <source>Give cell {0} the role {1}</source>
        <translation>Zelle {0} die Rolle {1} geben</translation>
    </message>
    <message>
        <source>Take the role from cell {0}</source>
        <translation>Zelle {0} die Rolle nehmen</translation>
    </message>
    <message>
        <source>Accept the {0} roles suggested</source>
        <translation>Die {0} vorgeschlagenen Rollen annehmen</translation>
    </message>
</context>
<context>
    <name>GraphView</name>
    <message>
        <source>Data flow between cells</source>
        <translation>Datenfluss zwischen Zellen</translation>
    </message>
</context>
<context>
    <name>InterfacePage</name>
    <message>
        <source>The types are not known yet</source>
        <translation>Die Typen sind noch nicht bekannt</translation>
    </message>
    <message>
        <source>What a caller sends and gets is seen in the notebook&apos;s own run. Converting runs it once.</source>
        <translation>Was ein Aufrufer sendet und bekommt, zeigt ein Lauf des Notebooks. Umwandeln führt es einmal aus.</translation>
    </message>
    <message>
        <source>Convert now</source>
        <translation>Jetzt umwandeln</translation>
    </message>
    <message>
        <source>Interface</source>
        <translation>Schnittstelle</translation>
    </message>
    <message>
        <source>Types, ranges and categories are those of the notebook&apos;s run.</source>
        <translation>Typen, Bereiche und Kategorien sind die aus dem Lauf des Notebooks.</translation>
    </message>
    <message>
        <source>A caller sends {0}</source>
        <translation>Ein Aufrufer sendet {0}</translation>
    </message>
    <message>
        <source>and gets {0}</source>
        <translation>und bekommt {0}</translation>
    </message>
    <message>
        <source>Where another name is given, callers use that one; the notebook&apos;s code keeps its own. Descriptions and limits become part of the service&apos;s description, and a value beyond a limit is refused. Personal fields are never written into the request log. All this is saved in the notebook&apos;s metadata; the next build takes it up.</source>
        <translation>Wo ein anderer Name steht, benutzen Aufrufer diesen; der Code des Notebooks behält seinen. Beschreibungen und Grenzen werden Teil der Beschreibung des Dienstes; ein Wert jenseits einer Grenze wird abgelehnt. Persönliche Felder werden nie ins Anfrageprotokoll geschrieben. All dies wird in den Metadaten des Notebooks gespeichert; der nächste Build übernimmt es.</translation>
    </message>
    <message>
        <source>An example from the notebook</source>
        <translation>Ein Beispiel aus dem Notebook</translation>
    </message>
    <message>
        <source>Request</source>
        <translation>Anfrage</translation>
    </message>
    <message>
        <source>Predictions</source>
        <translation>Vorhersagen</translation>
    </message>
    <message>
        <source>Parameters</source>
        <translation>Parameter</translation>
    </message>
    <message>
        <source>The notebook has no cell tagged parameters.</source>
        <translation>Das Notebook hat keine Zelle mit dem Tag parameters.</translation>
    </message>
    <message>
        <source>Metrics of the run</source>
        <translation>Metriken des Laufs</translation>
    </message>
    <message>
        <source>No cell tagged evaluation computes a number.</source>
        <translation>Keine Zelle mit dem Tag evaluation berechnet eine Zahl.</translation>
    </message>
    <message>
        <source>Result compares watched metrics with the version before.</source>
        <translation>„Ergebnis“ vergleicht überwachte Metriken mit der Version davor.</translation>
    </message>
    <message>
        <source>Watch {0}</source>
        <translation>{0} überwachen</translation>
    </message>
    <message>
        <source>not watched</source>
        <translation>nicht überwacht</translation>
    </message>
    <message>
        <source>higher is better</source>
        <translation>höher ist besser</translation>
    </message>
    <message>
        <source>lower is better</source>
        <translation>niedriger ist besser</translation>
    </message>
</context>
<context>
    <name>JobClient</name>
    <message>
        <source>Finished steps are kept: build again to go on from there.</source>
        <translation>Fertige Schritte bleiben: ein neuer Bau macht dort weiter.</translation>
    </message>
    <message>
        <source>the job did not end by itself and was killed.</source>
        <translation>der Auftrag endete nicht von selbst und wurde beendet.</translation>
    </message>
    <message>
        <source>the process of the build was killed (signal {0}).</source>
        <translation>der Prozess des Baus wurde beendet (Signal {0}).</translation>
    </message>
    <message>
        <source>Often the machine has too little memory.</source>
        <translation>Oft hat der Rechner zu wenig Speicher.</translation>
    </message>
    <message>
        <source>the job ended without a word.</source>
        <translation>der Auftrag endete ohne Meldung.</translation>
    </message>
</context>
<context>
    <name>KeysCard</name>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>next, previous cell</source>
        <translation>nächste, vorige Zelle</translation>
    </message>
    <message>
        <source>accept the suggestion</source>
        <translation>den Vorschlag annehmen</translation>
    </message>
    <message>
        <source>light what this cell comes from</source>
        <translation>erhellen, woraus diese Zelle entsteht</translation>
    </message>
    <message>
        <source>search</source>
        <translation>suchen</translation>
    </message>
    <message>
        <source>undo</source>
        <translation>zurücknehmen</translation>
    </message>
    <message>
        <source>save the roles into the notebook</source>
        <translation>die Rollen im Notebook speichern</translation>
    </message>
    <message>
        <source>these keys</source>
        <translation>diese Tasten</translation>
    </message>
    <message>
        <source>no role</source>
        <translation>keine Rolle</translation>
    </message>
    <message>
        <source>Keys of the cells</source>
        <translation>Tasten der Zellen</translation>
    </message>
</context>
<context>
    <name>LogView</name>
    <message>
        <source>Least level shown</source>
        <translation>Kleinste gezeigte Stufe</translation>
    </message>
    <message>
        <source>debug</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>info</source>
        <translation>Information</translation>
    </message>
    <message>
        <source>warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Search the log</source>
        <translation>Im Protokoll suchen</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the log</source>
        <translation>Protokoll kopieren</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
</context>
<context>
    <name>Menus</name>
    <message>
        <source>&amp;File</source>
        <translation>&amp;Datei</translation>
    </message>
    <message>
        <source>&amp;Open notebook…</source>
        <translation>Notebook ö&amp;ffnen …</translation>
    </message>
    <message>
        <source>&amp;Save roles</source>
        <translation>Rollen &amp;speichern</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>&amp;Wiederholen</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>As the &amp;system</source>
        <translation>Wie das &amp;System</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>&amp;Hell</translation>
    </message>
    <message>
        <source>&amp;Dark</source>
        <translation>&amp;Dunkel</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>S&amp;prache</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>The language changes when the wizard is started again.</source>
        <translation>Die Sprache wechselt beim nächsten Start des Assistenten.</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>Tracking server</source>
        <translation>Tracking-Server</translation>
    </message>
    <message>
        <source>An MLflow tracking address, e.g. http://localhost:5000</source>
        <translation>Eine Tracking-Adresse von MLflow, z. B. http://localhost:5000</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>Registered models and their versions</source>
        <translation>Registrierte Modelle und ihre Versionen</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Alias</source>
        <translation>Alias</translation>
    </message>
    <message>
        <source>Made</source>
        <translation>Erstellt</translation>
    </message>
    <message>
        <source>Name a tracking server, or open a project that has logged a model.</source>
        <translation>Nennen Sie einen Tracking-Server, oder öffnen Sie ein Projekt, das ein Modell protokolliert hat.</translation>
    </message>
    <message>
        <source>Asking MLflow…</source>
        <translation>MLflow wird gefragt …</translation>
    </message>
    <message>
        <source>Choose a version, or two to compare.</source>
        <translation>Wählen Sie eine Version, oder zwei zum Vergleich.</translation>
    </message>
    <message>
        <source>Metrics and parameters</source>
        <translation>Metriken und Parameter</translation>
    </message>
    <message>
        <source>Promote</source>
        <translation>Befördern</translation>
    </message>
    <message>
        <source>Undo the last promotion</source>
        <translation>Letzte Beförderung zurücknehmen</translation>
    </message>
    <message>
        <source>{0} registered model(s)</source>
        <translation>{0} registrierte(s) Modell(e)</translation>
    </message>
    <message>
        <source>No model is registered here yet: a build registers one.</source>
        <translation>Hier ist noch kein Modell registriert: ein Bau registriert eines.</translation>
    </message>
    <message>
        <source>{0} version(s)</source>
        <translation>{0} Version(en)</translation>
    </message>
    <message>
        <source>version {0}</source>
        <translation>Version {0}</translation>
    </message>
    <message>
        <source>{0} version {1}</source>
        <translation>{0} Version {1}</translation>
    </message>
    <message>
        <source>Make it {0}</source>
        <translation>Zu {0} machen</translation>
    </message>
    <message>
        <source>{0} version {1} beside {2} version {3}</source>
        <translation>{0} Version {1} neben {2} Version {3}</translation>
    </message>
    <message>
        <source>from {0}</source>
        <translation>aus {0}</translation>
    </message>
    <message>
        <source>commit {0}</source>
        <translation>Commit {0}</translation>
    </message>
    <message>
        <source>run {0}</source>
        <translation>Lauf {0}</translation>
    </message>
    <message>
        <source>Let {0}@{1} be version {2}?</source>
        <translation>Soll {0}@{1} Version {2} sein?</translation>
    </message>
    <message>
        <source>Whatever serves {0}@{1} takes this version from then on.</source>
        <translation>Was {0}@{1} bedient, nimmt von da an diese Version.</translation>
    </message>
    <message>
        <source>Let {0}@{1} be version {2} again?</source>
        <translation>Soll {0}@{1} wieder Version {2} sein?</translation>
    </message>
    <message>
        <source>Move the alias</source>
        <translation>Alias verschieben</translation>
    </message>
    <message>
        <source>Leave it</source>
        <translation>So lassen</translation>
    </message>
</context>
<context>
    <name>PreviewPage</name>
    <message>
        <source>No files yet</source>
        <translation>Noch keine Dateien</translation>
    </message>
    <message>
        <source>Converting runs the notebook once and writes the package. No image is built, nothing is logged.</source>
        <translation>Umwandeln führt das Notebook einmal aus und schreibt das Paket. Es wird kein Image gebaut und nichts protokolliert.</translation>
    </message>
    <message>
        <source>Convert now</source>
        <translation>Jetzt umwandeln</translation>
    </message>
    <message>
        <source>Files of the project</source>
        <translation>Dateien des Projekts</translation>
    </message>
    <message>
        <source>File</source>
        <translation>Datei</translation>
    </message>
    <message>
        <source>Cell it came from</source>
        <translation>Zelle, aus der es kommt</translation>
    </message>
    <message>
        <source>What would a build change?</source>
        <translation>Was würde ein Bau ändern?</translation>
    </message>
    <message>
        <source>Show what would change</source>
        <translation>Zeigen, was sich ändern würde</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>Vorschau</translation>
    </message>
    <message>
        <source>Project</source>
        <translation>Projekt</translation>
    </message>
    <message>
        <source>Making the files beside, to compare them. The notebook runs if it was changed…</source>
        <translation>Die Dateien entstehen daneben, zum Vergleich. Das Notebook läuft, falls es geändert wurde …</translation>
    </message>
    <message>
        <source>A build would change nothing.</source>
        <translation>Ein Bau würde nichts ändern.</translation>
    </message>
    <message>
        <source>{0} files would differ; a build stops at {1} that you edited, unless Target says to overwrite.</source>
        <translation>{0} Dateien wären anders; ein Bau hält an bei {1}, die Sie geändert haben, außer auf Ziel steht Überschreiben.</translation>
    </message>
    <message>
        <source>{0} files would differ.</source>
        <translation>{0} Dateien wären anders.</translation>
    </message>
    <message>
        <source>Why each requirement</source>
        <translation>Wozu jede Abhängigkeit</translation>
    </message>
    <message>
        <source>  (edited by hand)</source>
        <translation>  (von Hand geändert)</translation>
    </message>
    <message>
        <source>  (your own)</source>
        <translation>  (Ihre eigene)</translation>
    </message>
    <message>
        <source>new</source>
        <translation>neu</translation>
    </message>
    <message>
        <source>would go</source>
        <translation>fiele weg</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>geändert</translation>
    </message>
    <message>
        <source>Serving first, then what training needs besides.</source>
        <translation>Zuerst der Dienst, dann was das Training außerdem braucht.</translation>
    </message>
    <message>
        <source>Click a line to see where it comes from.</source>
        <translation>Klicken Sie auf eine Zeile, um zu sehen, woher sie kommt.</translation>
    </message>
    <message>
        <source>Edited by hand: a build stops before it rather than overwrite it.</source>
        <translation>Von Hand geändert: ein Bau hält davor an, statt es zu überschreiben.</translation>
    </message>
    <message>
        <source>A build would add this file.</source>
        <translation>Ein Bau würde diese Datei hinzufügen.</translation>
    </message>
    <message>
        <source>A build would remove this file.</source>
        <translation>Ein Bau würde diese Datei entfernen.</translation>
    </message>
    <message>
        <source>A build would change these lines: − now, + after it.</source>
        <translation>Ein Bau würde diese Zeilen ändern: − jetzt, + danach.</translation>
    </message>
    <message>
        <source>You edited this file: − as you have it, + as it is generated. A build stops before it.</source>
        <translation>Sie haben diese Datei geändert: − wie Sie sie haben, + wie sie erzeugt wird. Ein Bau hält davor an.</translation>
    </message>
    <message>
        <source>(not a text file, or too long to compare)</source>
        <translation>(keine Textdatei, oder zu lang zum Vergleichen)</translation>
    </message>
    <message>
        <source>Cell {0}</source>
        <translation>Zelle {0}</translation>
    </message>
</context>
<context>
    <name>Project</name>
    <message>
        <source>Cell {0}   {1}</source>
        <translation>Zelle {0}   {1}</translation>
    </message>
</context>
<context>
    <name>Rail</name>
    <message>
        <source>Start</source>
        <translation>Start</translation>
    </message>
    <message>
        <source>Cells</source>
        <translation>Zellen</translation>
    </message>
    <message>
        <source>Interface</source>
        <translation>Schnittstelle</translation>
    </message>
    <message>
        <source>Preview</source>
        <translation>Vorschau</translation>
    </message>
    <message>
        <source>Target</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>Run</source>
        <translation>Lauf</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
</context>
<context>
    <name>ResultPage</name>
    <message>
        <source>Result</source>
        <translation>Ergebnis</translation>
    </message>
    <message>
        <source>Parity with the notebook</source>
        <translation>Gleichheit mit dem Notebook</translation>
    </message>
    <message>
        <source>equal</source>
        <translation>gleich</translation>
    </message>
    <message>
        <source>different</source>
        <translation>verschieden</translation>
    </message>
    <message>
        <source>skipped</source>
        <translation>ausgelassen</translation>
    </message>
    <message>
        <source>package</source>
        <translation>Paket</translation>
    </message>
    <message>
        <source>container</source>
        <translation>Container</translation>
    </message>
    <message>
        <source>{0} rows</source>
        <translation>{0} Zeilen</translation>
    </message>
    <message>
        <source>Tests</source>
        <translation>Tests</translation>
    </message>
    <message>
        <source>No tests were run.</source>
        <translation>Es liefen keine Tests.</translation>
    </message>
    <message>
        <source>{0} passed, {1} failed</source>
        <translation>{0} bestanden, {1} gescheitert</translation>
    </message>
    <message>
        <source>{0} of {1} mutants caught</source>
        <translation>{0} von {1} Mutanten gefunden</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Nothing was logged to MLflow.</source>
        <translation>Nichts wurde in MLflow protokolliert.</translation>
    </message>
    <message>
        <source>{0} version {1} {2}</source>
        <translation>{0} Version {1} {2}</translation>
    </message>
    <message>
        <source>Show in Models</source>
        <translation>In Modelle zeigen</translation>
    </message>
    <message>
        <source>Open in MLflow</source>
        <translation>In MLflow öffnen</translation>
    </message>
    <message>
        <source>{0} is worse than in the version before.</source>
        <translation>{0} ist schlechter als in der Version davor.</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>Image</translation>
    </message>
    <message>
        <source>No image was built.</source>
        <translation>Es wurde kein Image gebaut.</translation>
    </message>
    <message>
        <source>{0}, of which the base is {1}</source>
        <translation>{0}, davon die Basis {1}</translation>
    </message>
    <message>
        <source>base image</source>
        <translation>Basis-Image</translation>
    </message>
    <message>
        <source>smaller layers</source>
        <translation>kleinere Schichten</translation>
    </message>
    <message>
        <source>The same without this window</source>
        <translation>Dasselbe ohne dieses Fenster</translation>
    </message>
    <message>
        <source>Command line</source>
        <translation>Befehlszeile</translation>
    </message>
    <message>
        <source>Command line that repeats this build</source>
        <translation>Befehlszeile, die diesen Bau wiederholt</translation>
    </message>
    <message>
        <source>papermill job: its report is a notebook</source>
        <translation>papermill-Auftrag: sein Bericht ist ein Notebook</translation>
    </message>
    <message>
        <source>papermill job that repeats this build</source>
        <translation>papermill-Job, der diesen Bau wiederholt</translation>
    </message>
    <message>
        <source>Copy the papermill job</source>
        <translation>papermill-Job kopieren</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the command line</source>
        <translation>Befehlszeile kopieren</translation>
    </message>
    <message>
        <source>Copy the MLflow command</source>
        <translation>MLflow-Befehl kopieren</translation>
    </message>
    <message>
        <source>Run in a terminal, it shows this store in MLflow&apos;s own pages.</source>
        <translation>In einem Terminal ausgeführt, zeigt er diesen Speicher in den Seiten von MLflow selbst.</translation>
    </message>
    <message>
        <source>Save as a job…</source>
        <translation>Als Auftrag speichern …</translation>
    </message>
    <message>
        <source>A file for `nb2prod job FILE`, which CI can run</source>
        <translation>Eine Datei für `nb2prod job FILE`, die auch CI ausführen kann</translation>
    </message>
    <message>
        <source>Save the job</source>
        <translation>Auftrag speichern</translation>
    </message>
    <message>
        <source>See the files</source>
        <translation>Dateien ansehen</translation>
    </message>
    <message>
        <source>Open the project&apos;s folder</source>
        <translation>Ordner des Projekts öffnen</translation>
    </message>
</context>
<context>
    <name>RunPage</name>
    <message>
        <source>Nothing has run yet.</source>
        <translation>Noch ist nichts gelaufen.</translation>
    </message>
    <message>
        <source>Build</source>
        <translation>Bauen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>See the result</source>
        <translation>Ergebnis ansehen</translation>
    </message>
    <message>
        <source>Show the place</source>
        <translation>Stelle zeigen</translation>
    </message>
    <message>
        <source>Copy the message</source>
        <translation>Meldung kopieren</translation>
    </message>
    <message>
        <source>Cells that ran</source>
        <translation>Zellen, die liefen</translation>
    </message>
    <message>
        <source>Double-click or Enter shows the cell</source>
        <translation>Doppelklick oder Enter zeigt die Zelle</translation>
    </message>
    <message>
        <source>Instructions of the Dockerfile</source>
        <translation>Anweisungen des Dockerfiles</translation>
    </message>
    <message>
        <source>Cells stand here as they run. A notebook that did not change is not run again.</source>
        <translation>Hier stehen die Zellen, während sie laufen. Ein Notebook, das sich nicht geändert hat, läuft nicht noch einmal.</translation>
    </message>
    <message>
        <source>Instructions stand here as the image is built.</source>
        <translation>Hier stehen die Anweisungen, während das Image gebaut wird.</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Cells</source>
        <translation>Zellen</translation>
    </message>
    <message>
        <source>Image layers</source>
        <translation>Schichten des Images</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Starting…</source>
        <translation>Startet …</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Build again</source>
        <translation>Neu bauen</translation>
    </message>
    <message>
        <source>Cancelling…</source>
        <translation>Wird abgebrochen …</translation>
    </message>
    <message>
        <source>Step {0}: {1}</source>
        <translation>Schritt {0}: {1}</translation>
    </message>
    <message>
        <source>An earlier build left its project in {0}.</source>
        <translation>Ein früherer Bau hat sein Projekt in {0} hinterlassen.</translation>
    </message>
    <message>
        <source>Build repeats only what has changed since, and leads on to Result and Try it.</source>
        <translation>„Bauen“ wiederholt nur, was sich seitdem geändert hat, und führt weiter zu „Ergebnis“ und „Ausprobieren“.</translation>
    </message>
    <message>
        <source>Done: every answer is the notebook&apos;s.</source>
        <translation>Fertig: jede Antwort ist die des Notebooks.</translation>
    </message>
    <message>
        <source>Cancelled.</source>
        <translation>Abgebrochen.</translation>
    </message>
    <message>
        <source>Show cell {0}</source>
        <translation>Zelle {0} zeigen</translation>
    </message>
    <message>
        <source>Show line {0} of {1}</source>
        <translation>Zeile {0} von {1} zeigen</translation>
    </message>
    <message>
        <source>Kept, and not done again by Resume: {0}.</source>
        <translation>Behalten, von Fortsetzen nicht wiederholt: {0}.</translation>
    </message>
    <message>
        <source>Stopped in: {0}.</source>
        <translation>Angehalten in: {0}.</translation>
    </message>
    <message>
        <source>The project is in {0}.</source>
        <translation>Das Projekt liegt in {0}.</translation>
    </message>
    <message>
        <source>This build wrote no files of the project.</source>
        <translation>Dieser Bau hat keine Dateien des Projekts geschrieben.</translation>
    </message>
    <message>
        <source>In MLflow: {0}.</source>
        <translation>In MLflow: {0}.</translation>
    </message>
    <message>
        <source>{0} names the image it named before, if any; no container is left.</source>
        <translation>{0} benennt das Image wie zuvor, falls es eines gab; kein Container bleibt zurück.</translation>
    </message>
    <message>
        <source>The notebook was changed on disk meanwhile: this is the build of what it was.</source>
        <translation>Das Notebook wurde inzwischen geändert: gebaut wurde, was es vorher war.</translation>
    </message>
</context>
<context>
    <name>ServiceClient</name>
    <message>
        <source>The service ended before it was ready: its log says why.</source>
        <translation>Der Dienst endete, bevor er bereit war: sein Protokoll sagt warum.</translation>
    </message>
</context>
<context>
    <name>StartPage</name>
    <message>
        <source>From notebook to container</source>
        <translation>Vom Notebook zum Container</translation>
    </message>
    <message>
        <source>Open a notebook that works; get a tested package and an image with the same answers.</source>
        <translation>Öffnen Sie ein Notebook, das läuft; Sie bekommen ein geprüftes Paket und ein Image mit denselben Antworten.</translation>
    </message>
    <message>
        <source>Recent</source>
        <translation>Zuletzt</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>This machine</source>
        <translation>Dieser Rechner</translation>
    </message>
    <message>
        <source>Looking at what a build needs…</source>
        <translation>Es wird geprüft, was ein Bau braucht …</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>Noch einmal prüfen</translation>
    </message>
    <message>
        <source>opened</source>
        <translation>geöffnet</translation>
    </message>
    <message>
        <source>build cut off</source>
        <translation>Bau abgerissen</translation>
    </message>
    <message>
        <source>built</source>
        <translation>gebaut</translation>
    </message>
    <message>
        <source>build failed</source>
        <translation>Bau gescheitert</translation>
    </message>
    <message>
        <source>build cancelled</source>
        <translation>Bau abgebrochen</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>just now</source>
        <translation>gerade eben</translation>
    </message>
    <message>
        <source>{0} min ago</source>
        <translation>vor {0} min</translation>
    </message>
    <message>
        <source>{0} h ago</source>
        <translation>vor {0} h</translation>
    </message>
    <message>
        <source>{0} d ago</source>
        <translation>vor {0} T</translation>
    </message>
    <message>
        <source>{0} of {1} checks passed</source>
        <translation>{0} von {1} Prüfungen bestanden</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the remedy for {0}</source>
        <translation>Abhilfe für {0} kopieren</translation>
    </message>
    <message>
        <source>Open a notebook</source>
        <translation>Notebook öffnen</translation>
    </message>
    <message>
        <source>Choose an .ipynb file, or drop one here. It is read, not run.</source>
        <translation>Wählen Sie eine .ipynb-Datei, oder legen Sie eine hier ab. Sie wird gelesen, nicht ausgeführt.</translation>
    </message>
    <message>
        <source>Open notebook…</source>
        <translation>Notebook öffnen …</translation>
    </message>
</context>
<context>
    <name>StudyClient</name>
    <message>
        <source>the process that analyses the notebook ended unexpectedly.</source>
        <translation>der Prozess, der das Notebook analysiert, endete unerwartet.</translation>
    </message>
    <message>
        <source>Open the notebook again.</source>
        <translation>Öffnen Sie das Notebook noch einmal.</translation>
    </message>
</context>
<context>
    <name>TargetPage</name>
    <message>
        <source>Target</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>Every field has a default that works.</source>
        <translation>Jedes Feld hat eine Vorgabe, die funktioniert.</translation>
    </message>
    <message>
        <source>Project</source>
        <translation>Projekt</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>Where the package is written.</source>
        <translation>Wohin das Paket geschrieben wird.</translation>
    </message>
    <message>
        <source>Package</source>
        <translation>Paket</translation>
    </message>
    <message>
        <source>The Python package&apos;s name: letters, digits, underscores.</source>
        <translation>Name des Python-Pakets: Buchstaben, Ziffern, Unterstriche.</translation>
    </message>
    <message>
        <source>Overwrite files edited by hand</source>
        <translation>Von Hand geänderte Dateien überschreiben</translation>
    </message>
    <message>
        <source>Else a build stops before them. Files you added stay in any case.</source>
        <translation>Sonst hält ein Bau vor ihnen an. Dateien, die Sie hinzugefügt haben, bleiben in jedem Fall.</translation>
    </message>
    <message>
        <source>Image</source>
        <translation>Image</translation>
    </message>
    <message>
        <source>Build an image</source>
        <translation>Image bauen</translation>
    </message>
    <message>
        <source>Needs a Docker engine.</source>
        <translation>Braucht Docker.</translation>
    </message>
    <message>
        <source>Tag</source>
        <translation>Tag</translation>
    </message>
    <message>
        <source>The image&apos;s name and version.</source>
        <translation>Name und Version des Images.</translation>
    </message>
    <message>
        <source>Base image</source>
        <translation>Basis-Image</translation>
    </message>
    <message>
        <source>A Debian image with the notebook&apos;s Python.</source>
        <translation>Ein Debian-Image mit dem Python des Notebooks.</translation>
    </message>
    <message>
        <source>Platform</source>
        <translation>Plattform</translation>
    </message>
    <message>
        <source>For example linux/arm64; the engine&apos;s own by default.</source>
        <translation>Zum Beispiel linux/arm64; sonst die der Docker-Engine.</translation>
    </message>
    <message>
        <source>MLflow</source>
        <translation>MLflow</translation>
    </message>
    <message>
        <source>Log the model</source>
        <translation>Modell protokollieren</translation>
    </message>
    <message>
        <source>A run, and a version in the registry.</source>
        <translation>Ein Lauf, und eine Version in der Registry.</translation>
    </message>
    <message>
        <source>Tracking server</source>
        <translation>Tracking-Server</translation>
    </message>
    <message>
        <source>An address, or an SQLite file.</source>
        <translation>Eine Adresse oder eine SQLite-Datei.</translation>
    </message>
    <message>
        <source>Registered model</source>
        <translation>Registriertes Modell</translation>
    </message>
    <message>
        <source>The name in the registry.</source>
        <translation>Der Name in der Registry.</translation>
    </message>
    <message>
        <source>Alias</source>
        <translation>Alias</translation>
    </message>
    <message>
        <source>What serving asks for; moved to the new version.</source>
        <translation>Wonach der Dienst fragt; wandert zur neuen Version.</translation>
    </message>
    <message>
        <source>Proof</source>
        <translation>Nachweis</translation>
    </message>
    <message>
        <source>Mutants</source>
        <translation>Mutanten</translation>
    </message>
    <message>
        <source>Small faults that the tests must find.</source>
        <translation>Kleine Fehler, die die Tests finden müssen.</translation>
    </message>
    <message>
        <source>as MLFLOW_TRACKING_URI says, else beside the project</source>
        <translation>wie MLFLOW_TRACKING_URI sagt, sonst neben dem Projekt</translation>
    </message>
    <message>
        <source>the slim image of the notebook&apos;s Python</source>
        <translation>das Slim-Image zum Python des Notebooks</translation>
    </message>
    <message>
        <source>the engine&apos;s own</source>
        <translation>die der Docker-Engine</translation>
    </message>
</context>
<context>
    <name>TryPanel</name>
    <message>
        <source>Try it</source>
        <translation>Ausprobieren</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Start</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Predict</source>
        <translation>Vorhersagen</translation>
    </message>
    <message>
        <source>The answer appears here.</source>
        <translation>Hier erscheint die Antwort.</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>Antwort</translation>
    </message>
    <message>
        <source>Answer as a table</source>
        <translation>Antwort als Tabelle</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>Tabelle</translation>
    </message>
    <message>
        <source>The same request with curl</source>
        <translation>Dieselbe Anfrage mit curl</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the curl line</source>
        <translation>curl-Zeile kopieren</translation>
    </message>
    <message>
        <source>With the key of this container, which ends with it</source>
        <translation>Mit dem Schlüssel dieses Containers, der mit ihm endet</translation>
    </message>
    <message>
        <source>Log of the service</source>
        <translation>Protokoll des Dienstes</translation>
    </message>
    <message>
        <source>the container</source>
        <translation>den Container</translation>
    </message>
    <message>
        <source>the project, without a container</source>
        <translation>das Projekt, ohne Container</translation>
    </message>
    <message>
        <source>Start {0}, then send it a request.</source>
        <translation>Starten Sie {0}, dann senden Sie eine Anfrage.</translation>
    </message>
    <message>
        <source>Starting {0}…</source>
        <translation>{0} startet …</translation>
    </message>
    <message>
        <source>Ready at {0}</source>
        <translation>Bereit unter {0}</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>Wird angehalten…</translation>
    </message>
    <message>
        <source>{0} in {1:.1f} ms</source>
        <translation>{0} in {1:.1f} ms</translation>
    </message>
    <message>
        <source>No answer</source>
        <translation>Keine Antwort</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>ja</translation>
    </message>
    <message>
        <source>no</source>
        <translation>nein</translation>
    </message>
    <message>
        <source>missing</source>
        <translation>fehlt</translation>
    </message>
</context>
<context>
    <name>Window</name>
    <message>
        <source>Open notebook</source>
        <translation>Notebook öffnen</translation>
    </message>
    <message>
        <source>Notebooks (*.ipynb)</source>
        <translation>Notebooks (*.ipynb)</translation>
    </message>
    <message>
        <source>Next: {0}</source>
        <translation>Weiter: {0}</translation>
    </message>
    <message>
        <source> (cell {0})</source>
        <translation> (Zelle {0})</translation>
    </message>
    <message>
        <source>The notebook was changed on disk.</source>
        <translation>Das Notebook wurde auf der Platte geändert.</translation>
    </message>
    <message>
        <source>Reload it? The roles you chose and have not saved are kept.</source>
        <translation>Neu laden? Gewählte Rollen, die noch nicht gespeichert sind, bleiben.</translation>
    </message>
    <message>
        <source>Reload</source>
        <translation>Neu laden</translation>
    </message>
    <message>
        <source>Not now</source>
        <translation>Jetzt nicht</translation>
    </message>
    <message>
        <source>A build is running.</source>
        <translation>Ein Bau läuft.</translation>
    </message>
    <message>
        <source>Cancel it? What is finished is kept and can be resumed.</source>
        <translation>Abbrechen? Was fertig ist, bleibt und kann fortgesetzt werden.</translation>
    </message>
    <message>
        <source>Roles are not saved.</source>
        <translation>Rollen sind nicht gespeichert.</translation>
    </message>
    <message>
        <source>Leave without saving them into the notebook?</source>
        <translation>Verlassen, ohne sie im Notebook zu speichern?</translation>
    </message>
    <message>
        <source>Leave</source>
        <translation>Verlassen</translation>
    </message>
    <message>
        <source>Stay</source>
        <translation>Bleiben</translation>
    </message>
</context>
<context>
    <name>samples</name>
    <message>
        <source>Churn</source>
        <translation>Abwanderung</translation>
    </message>
    <message>
        <source>Customers who may leave: a scikit-learn pipeline on a table</source>
        <translation>Kunden, die gehen könnten: eine scikit-learn-Pipeline auf einer Tabelle</translation>
    </message>
    <message>
        <source>House prices</source>
        <translation>Hauspreise</translation>
    </message>
    <message>
        <source>Prices of houses: own features and kept statistics</source>
        <translation>Preise von Häusern: eigene Merkmale und behaltene Statistiken</translation>
    </message>
    <message>
        <source>Demand</source>
        <translation>Nachfrage</translation>
    </message>
    <message>
        <source>Demand per day: LightGBM on a calendar</source>
        <translation>Nachfrage je Tag: LightGBM auf einem Kalender</translation>
    </message>
    <message>
        <source>Sentiment</source>
        <translation>Stimmung</translation>
    </message>
    <message>
        <source>Reviews: TF-IDF and a linear model on text</source>
        <translation>Rezensionen: TF-IDF und ein lineares Modell auf Text</translation>
    </message>
    <message>
        <source>Segments</source>
        <translation>Segmente</translation>
    </message>
    <message>
        <source>Customer segments: clustering with a later predict</source>
        <translation>Kundensegmente: Gruppierung mit späterer Vorhersage</translation>
    </message>
    <message>
        <source>Digits</source>
        <translation>Ziffern</translation>
    </message>
    <message>
        <source>Handwritten digits: a small PyTorch network</source>
        <translation>Handgeschriebene Ziffern: ein kleines PyTorch-Netz</translation>
    </message>
</context>
<context>
    <name>steps</name>
    <message>
        <source>reads the notebook</source>
        <translation>liest das Notebook</translation>
    </message>
    <message>
        <source>follows its data, runs nothing</source>
        <translation>folgt den Daten, führt nichts aus</translation>
    </message>
    <message>
        <source>runs it once, in a fresh kernel</source>
        <translation>führt es einmal aus, in einem neuen Kernel</translation>
    </message>
    <message>
        <source>writes the package</source>
        <translation>schreibt das Paket</translation>
    </message>
    <message>
        <source>tests it without the notebook</source>
        <translation>prüft es ohne das Notebook</translation>
    </message>
    <message>
        <source>registers the model in MLflow</source>
        <translation>registriert das Modell in MLflow</translation>
    </message>
    <message>
        <source>builds the image</source>
        <translation>baut das Image</translation>
    </message>
    <message>
        <source>asks the container</source>
        <translation>befragt den Container</translation>
    </message>
    <message>
        <source>{0} cells</source>
        <translation>{0} Zellen</translation>
    </message>
</context>
<context>
    <name>walk</name>
    <message>
        <source>Open a notebook first.</source>
        <translation>Öffnen Sie zuerst ein Notebook.</translation>
    </message>
    <message>
        <source>The build is running: the result opens when it is done.</source>
        <translation>Der Bau läuft: das Ergebnis öffnet sich, wenn er fertig ist.</translation>
    </message>
    <message>
        <source>Build first: there is no result yet.</source>
        <translation>Bauen Sie zuerst: es gibt noch kein Ergebnis.</translation>
    </message>
    <message>
        <source>The notebook is being analysed.</source>
        <translation>Das Notebook wird analysiert.</translation>
    </message>
    <message>
        <source>{0} finding(s) on the Cells page stop the build.</source>
        <translation>{0} Befund(e) auf der Seite Zellen verhindern den Bau.</translation>
    </message>
    <message>
        <source>Give cells their roles first: what trains, what predicts.</source>
        <translation>Geben Sie zuerst den Zellen ihre Rollen: was trainiert, was vorhersagt.</translation>
    </message>
    <message>
        <source>Target: {0}</source>
        <translation>Ziel: {0}</translation>
    </message>
</context>
</TS>
